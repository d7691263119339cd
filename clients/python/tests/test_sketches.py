"""Sketches: a second implementation, the published vectors, and their purpose."""

import json
import string
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import plain_sketches as plain
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kycrisk_client.sketches import FILLER_END, FILLER_START, Prompt, Sketcher
from kycrisk_client.sketches.documents import canonical
from kycrisk_client.sketches.hashes import siphash

HERE = Path(__file__).parent
VECTORS = json.loads(
    (HERE.parents[2] / "docs/reference/sketch_vectors.json").read_text("utf-8")
)
SECRET = bytes.fromhex(VECTORS["secret"])
SKETCHER = Sketcher(SECRET)


PLAIN = plain.Plain(SECRET)

WORD = st.text(string.ascii_lowercase, min_size=2, max_size=9)
WRAPPER = st.lists(WORD, min_size=40, max_size=60).map(" ".join)
FILLER = st.lists(WORD, min_size=12, max_size=30, unique=True).map(" ".join)
MARKS = (*'"“”«»「」\\', "```", "<a>", "</a>", FILLER_START, FILLER_END)
OTHER = (
    *"\n\x00\x01\ud800\u2028µก😀 ",
    "don't ",
    "中文",
    "é ",
    "привет",
    "x9 ",
    "a" * 30,
)
PIECES = st.sampled_from((*MARKS, *OTHER, "word ", "one two three four five six "))
MESSY = st.lists(PIECES, max_size=60).map("".join)


def distance(one, other):
    return (int(one.sketch, 16) ^ int(other.sketch, 16)).bit_count()


def shared(one, other):
    return sum(a == b for a, b in zip(one, other, strict=True)) / 16


@pytest.mark.parametrize("vector", VECTORS["prompts"], ids=lambda one: one["name"])
def test_prompt_vectors_hold_for_both_implementations(vector):
    names = ("scaffold", "sketch", "minhash", "filler")
    expected = {name: vector[name] for name in names}
    prompt = Prompt(vector["user"], vector["system"])
    assert asdict(SKETCHER.one(prompt)) == expected
    assert PLAIN.sketches(*prompt) == expected


@pytest.mark.parametrize("vector", VECTORS["documents"])
def test_document_vectors_hold(vector):
    hashes = {
        "params": SKETCHER.params,
        "schema": SKETCHER.schema,
        "tools": SKETCHER.tools_hash,
    }
    assert hashes[vector["kind"]](vector["value"]) == vector["hash"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(MESSY, MESSY), min_size=1, max_size=8))
def test_bulk_and_plain_agree_on_any_text(pairs):
    prompts = [Prompt(*pair) for pair in pairs]
    found = [asdict(one) for one in SKETCHER.many(prompts)]
    assert found == [PLAIN.sketches(*prompt) for prompt in prompts]


def test_a_batch_answers_as_one_by_one_does():
    prompts = [Prompt(one["user"], one["system"]) for one in VECTORS["prompts"]] * 60
    assert list(SKETCHER.many(prompts)) == [SKETCHER.one(one) for one in prompts]


@settings(max_examples=40, deadline=None)
@given(WRAPPER, WRAPPER, FILLER, FILLER, st.sampled_from(['""', "“”", "``````"]))
def test_same_wrapper_other_filler(head, tail, first, second, marks):
    if set(first.split()) & set(second.split()):
        return
    half = len(marks) // 2
    left, right = marks[:half], marks[half:]
    one, other = SKETCHER.many(
        f"{head} {number} {left}{text}{right} {tail}"
        for number, text in ((7, first), (4081, second))
    )
    assert one.scaffold == other.scaffold
    assert one.sketch == other.sketch
    assert one.minhash == other.minhash
    assert shared(one.filler, other.filler) < 0.2


@settings(max_examples=30, deadline=None)
@given(WRAPPER, WRAPPER, FILLER)
def test_same_filler_other_wrapper(first, second, filler):
    one, other = SKETCHER.many(f'{text} "{filler}"' for text in (first, second))
    assert one.filler == other.filler
    if first.split()[:24] != second.split()[:24]:
        assert one.scaffold != other.scaffold


def test_near_duplicates_are_close_and_strangers_are_not():
    words = [f"{a}{b}{c}" for a in "bdfgk" for b in "aeiou" for c in "lmnrstvz"]
    text = " ".join(words)
    changed = " ".join([*words[:90], "changed", *words[91:]])
    one, near = SKETCHER.many([text, changed])
    stranger = SKETCHER.one(" ".join(f"other{word}" for word in words))
    assert distance(one, near) <= 12
    assert shared(one.minhash, near.minhash) >= 0.75
    assert distance(one, stranger) >= 16
    assert shared(one.minhash, stranger.minhash) <= 0.1


def test_minima_estimate_the_jaccard_similarity():
    words = [f"w{a}{b}" for a in string.ascii_lowercase for b in string.ascii_lowercase]
    errors = []
    for size in (100, 200, 400, 600):
        whole, part = " ".join(words), " ".join(words[:size])
        one, other = SKETCHER.many([whole, part])
        errors.append(shared(one.minhash, other.minhash) - (size - 4) / (676 - 4))
    assert abs(sum(errors) / len(errors)) < 0.15


def test_another_secret_changes_everything():
    prompt = VECTORS["prompts"][1]["user"]
    one, other = SKETCHER.one(prompt), Sketcher(b"another secret..").one(prompt)
    assert one.scaffold != other.scaffold
    assert distance(one, other) > 10
    assert not set(one.minhash) & set(other.minhash)
    assert not set(one.filler) & set(other.filler)
    request = {"temperature": 0.5}
    assert SKETCHER.params(request) != Sketcher(b"another secret..").params(request)


def test_a_short_secret_is_refused_and_never_shown():
    with pytest.raises(ValueError, match="16 bytes"):
        Sketcher(b"short")
    assert "0011" not in repr(SKETCHER) + repr(SKETCHER._key)


def test_many_unclosed_marks_take_linear_time():
    text = "".join(f"<a{number}>" for number in range(12_000)) + '"' * 9_001
    assert SKETCHER.one(text).scaffold


@pytest.mark.skipif(
    sys.hash_info.algorithm != "siphash13", reason="this Python hashes another way"
)
def test_siphash_is_that_of_python_itself():
    words = [0, 1, 2**63, 0x0123456789ABCDEF]
    program = f"print(*[hash(w.to_bytes(8, 'little')) for w in {words}])"
    told = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONHASHSEED": "0"},  # an all-zero key
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    mine = siphash(np.array(words, dtype=np.uint64), (0, 0)).view(np.int64)
    assert mine.tolist() == [int(one) for one in told]
    assert [plain.siphash13(0, 0, word) for word in words] == [
        int(one) % 2**64 for one in told
    ]


def test_siphash_vector():
    vector = VECTORS["siphash"]
    key = [int(one, 16) for one in vector["key"]]
    assert f"{plain.siphash13(*key, int(vector['word'], 16)):016x}" == vector["hash"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (-0.0, "0"),
        (1e21, "1e+21"),
        (123456789012345680000.0, "123456789012345680000"),
        (1e-6, "0.000001"),
        (1.5e-7, "1.5e-7"),
        (0.1 + 0.2, "0.30000000000000004"),
        (-12.5, "-12.5"),
        (
            {"b": 1, "a": [True, None, "\n\u2028"]},
            '{"a":[true,null,"\\n\u2028"],"b":1}',
        ),
    ],
)
def test_canonical_json_follows_ecmascript(value, text):
    assert canonical(value) == text


@settings(deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_canonical_numbers_read_back(number):
    assert float(canonical(number)) == number


@pytest.mark.parametrize("value", [float("nan"), float("inf"), b"bytes", {1, 2}])
def test_what_is_no_json_is_refused(value):
    with pytest.raises((TypeError, ValueError)):
        canonical(value)
