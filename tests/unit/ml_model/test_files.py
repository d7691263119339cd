"""A model that is not exactly what was signed never reaches LightGBM's parser."""

import os
from dataclasses import replace as replace_fields

import msgspec
import numpy as np
import pytest

from ml import manifest as manifests
from ml.frames import FeatureFrame
from ml.manifest import (
    MANIFEST_FILE,
    SIGNATURE_FILE,
    TEXT_FILE,
    Golden,
    ModelFileError,
    public_key,
    signing_key,
)
from ml.model import Expected, RiskModel, check_expected, load
from ml.train import train
from tests.unit.ml_model.conftest import CATALOGUE, NAMES, SECRET, config

DIRECTIONS = {one.name: one.direction for one in CATALOGUE}


@pytest.fixture(scope="module")
def folder(model, keys, tmp_path_factory):
    """A saved model that was probed once, so that later loads are quick."""
    path = tmp_path_factory.mktemp("models") / "one"
    model.save(path, keys[0])
    load(path, expected=Expected(), public_key=keys[1])
    return path


@pytest.fixture
def copy(folder, tmp_path):
    path = tmp_path / "copy"
    path.mkdir()
    for file in folder.iterdir():
        (path / file.name).write_bytes(file.read_bytes())
    return path


def refused(path, keys, expected=None):
    """Return the code of the refusal; the parser must not have been asked."""
    with pytest.raises(ModelFileError) as caught:
        load(path, expected=expected or Expected(), public_key=keys[1])
    return caught.value.code


def test_a_saved_model_comes_back_whole(folder, keys, model, rows):
    again = load(folder, expected=Expected(kind="entry"), public_key=keys[1])
    assert again.manifest == model.manifest
    ours = model.predict(rows.frame.values)
    theirs = again.predict(rows.frame.values)
    assert np.array_equal(ours.contributions, theirs.contributions)


@pytest.mark.parametrize("name", [TEXT_FILE, MANIFEST_FILE, SIGNATURE_FILE])
def test_a_thousand_flipped_bits_are_refused(copy, keys, name):
    whole = (copy / name).read_bytes()
    rng = np.random.default_rng(1)
    for at in rng.integers(0, len(whole), 334):
        changed = bytearray(whole)
        changed[at] ^= 1 << int(rng.integers(0, 8))
        (copy / name).write_bytes(bytes(changed))
        # hex in capitals is the same signature; every other flip is another file
        same = name == SIGNATURE_FILE and bytes(changed).lower() == whole
        if not same:
            assert refused(copy, keys) in {"model_bad_signature", "model_hash_mismatch"}


@pytest.mark.parametrize("name", [TEXT_FILE, MANIFEST_FILE, SIGNATURE_FILE])
def test_a_truncated_file_is_refused(copy, keys, name):
    whole = (copy / name).read_bytes()
    for length in np.linspace(0, len(whole) - 1, 40).astype(int):
        (copy / name).write_bytes(whole[:length])
        assert refused(copy, keys) in {"model_bad_signature", "model_hash_mismatch"}


def test_text_with_more_behind_it_is_refused(copy, keys):
    with (copy / TEXT_FILE).open("ab") as file:
        file.write(b"\n")
    assert refused(copy, keys) == "model_hash_mismatch"


def test_the_text_of_another_signed_model_is_refused(copy, keys, rows, tmp_path):
    other = train(rows, config(seed=77))
    other.save(tmp_path / "other", keys[0])
    (copy / TEXT_FILE).write_bytes((tmp_path / "other" / TEXT_FILE).read_bytes())
    assert refused(copy, keys) == "model_hash_mismatch"


def test_a_model_signed_by_somebody_else_is_refused(model, keys, tmp_path):
    model.save(tmp_path / "theirs", signing_key(bytes(32)))
    assert refused(tmp_path / "theirs", keys) == "model_bad_signature"


@pytest.mark.parametrize("name", [TEXT_FILE, MANIFEST_FILE, SIGNATURE_FILE])
def test_a_missing_file_a_link_and_a_pipe_are_refused(copy, keys, name):
    content = (copy / name).read_bytes()
    (copy / name).unlink()
    assert refused(copy, keys) == "model_missing"
    (copy / "elsewhere").write_bytes(content)
    (copy / name).symlink_to(copy / "elsewhere")
    assert refused(copy, keys) == "model_missing"
    (copy / name).unlink()
    os.mkfifo(copy / name)
    assert refused(copy, keys) == "model_missing"


def signed(folder, keys, model):
    """Save a changed model under a good signature: an error of our own making."""
    model.save(folder, keys[0])
    return folder


def changed(model, **changes):
    return RiskModel(msgspec.structs.replace(model.manifest, **changes), model.text)


def test_inputs_in_another_order_are_refused(model, keys, tmp_path):
    features = list(model.manifest.features)
    features[0], features[1] = features[1], features[0]
    path = signed(tmp_path / "m", keys, changed(model, features=tuple(features)))
    assert refused(path, keys) == "model_probe_failed"


def test_trees_that_kill_the_parser_only_kill_the_probe(model, keys, tmp_path):
    import hashlib

    text = model.text[: len(model.text) // 2]
    manifest = msgspec.structs.replace(
        model.manifest,
        text_sha256=hashlib.sha256(text).hexdigest(),
        text_bytes=len(text),
    )
    path = signed(tmp_path / "m", keys, RiskModel(manifest, text))
    assert refused(path, keys) == "model_probe_failed"
    assert not (path / "probed.json").exists()


def test_a_changed_leaf_shows_in_the_golden_answers(model, keys, tmp_path):
    golden = model.manifest.golden
    other = Golden(golden.rows, (golden.margins[0] + 1e-15, *golden.margins[1:]), ())
    path = signed(tmp_path / "m", keys, changed(model, golden=other))
    assert refused(path, keys) == "model_probe_failed"


@pytest.mark.parametrize(
    "expected",
    [
        Expected(kind="activity"),
        Expected(sha256="0" * 64),
        Expected(catalogue="catalogue2"),
        Expected(directions={n: d for n, d in DIRECTIONS.items() if n != NAMES[0]}),
        Expected(directions=DIRECTIONS | {NAMES[0]: -1}),
    ],
)
def test_a_model_of_another_kind_or_catalogue_is_refused(folder, keys, expected):
    assert refused(folder, keys, expected) == "model_schema_mismatch"


def test_new_features_do_not_hurt_an_older_model(model):
    expected = Expected("entry", None, "catalogue1", DIRECTIONS | {"new_count": 1})
    check_expected(model.manifest, expected)


def test_values_of_another_catalogue_are_refused(model, rows):
    with pytest.raises(ModelFileError) as caught:
        model.values(replace_fields(rows.frame, catalogue="catalogue2"))
    assert caught.value.code == "model_schema_mismatch"


def test_columns_are_found_by_name_in_any_order(model, rows):
    order = np.random.default_rng(0).permutation(10)
    frame = rows.frame
    turned = FeatureFrame(
        frame.account_ids,
        tuple(frame.names[at] for at in order),
        frame.values[:, order],
        frame.has_usage,
        frame.catalogue,
    )
    assert np.array_equal(model.values(turned), model.values(frame), equal_nan=True)


def test_a_manifest_has_one_spelling(model):
    raw = manifests.canonical(model.manifest)
    assert manifests.parse(raw) == model.manifest
    for other in (raw + b" ", raw.replace(b'"kind"', b'"kind" '), b"{}", b"\xff"):
        with pytest.raises(ModelFileError):
            manifests.parse(other)


def test_the_signing_key_is_not_the_secret_itself():
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    plain = Ed25519PrivateKey.from_private_bytes(SECRET).public_key()
    assert public_key(SECRET).public_bytes_raw() != plain.public_bytes_raw()
