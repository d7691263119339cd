import csv

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from apps.reference.services import sanctions
from apps.reference.services.draft import Draft, compiled
from apps.reference.services.names import similarity, tokens
from apps.reference.services.watchlist import THRESHOLD, Watchlist

WORDS = st.lists(st.text("abcdeinorst", min_size=1, max_size=10), max_size=5)
AUC = 0.86
RECALL = 0.99


def like(one, other):
    return similarity(tokens(one), tokens(other))


@given(WORDS, WORDS)
def test_likeness_is_symmetric_and_bounded(one, other):
    score = similarity(one, other)
    assert 0 <= score <= 1
    assert score == pytest.approx(similarity(other, one))


@given(WORDS.filter(bool), st.randoms())
def test_order_of_words_does_not_matter(words, draw):
    shuffled = draw.sample(words, len(words))
    assert similarity(words, shuffled) == pytest.approx(1)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Владимир Путин", "Vladimir PUTIN"),
        ("PUTIN, Vladimir", "Vladimir Putin"),
        ("François Hollande", "Francois Hollande"),
        ("Al-Qa'ida", "al qaida"),
        ("Standard & Poor's", "Standard and Poors"),
        ("Vladimir Vladimirovich Putin", "Vladimir Putin"),
        ("Boris Jonson", "Boris Johnson"),
        ("Deutsche Bank AG", "Deutsche Bank"),
    ],
)
def test_the_same_name_is_above_the_threshold(one, other):
    assert like(one, other) >= THRESHOLD


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Octavian Scholz", "Olaf Scholz"),
        ("Kim Jong Un", "Kim Il Sung"),
        ("Ivan Petrov", "Sergey Petrov"),
        ("Walijan", "Walijan Abdul Ghafoor Haqqani"),
        ("Siemens AG", "Volkswagen AG"),
        ("", "Anybody"),
    ],
)
def test_another_name_is_below_the_threshold(one, other):
    assert like(one, other) < THRESHOLD


def test_the_index_finds_what_comparing_everything_finds():
    listed = ["Aron Bell", "Bell, Aaron", "Carla de Mino", "Global Mining Ltd", "Zo"]
    given_names = ["Aaron Bell", "carla demino", "Global Minning", "Nobody Else", "Z O"]
    found = Watchlist([str(at) for at in range(5)], listed).screen(given_names)
    for name, hits in zip(given_names, found, strict=True):
        every = {
            str(at) for at, other in enumerate(listed) if like(name, other) >= THRESHOLD
        }
        assert {hit.entry_id for hit in hits} == every


UN = """<?xml version="1.0"?><CONSOLIDATED_LIST><INDIVIDUALS><INDIVIDUAL>
<DATAID>7</DATAID><FIRST_NAME>ARON</FIRST_NAME><SECOND_NAME>BELL</SECOND_NAME>
<NAME_ORIGINAL_SCRIPT>Арон Белл</NAME_ORIGINAL_SCRIPT>
<INDIVIDUAL_ALIAS><QUALITY>Good</QUALITY><ALIAS_NAME>A. Bellow</ALIAS_NAME>
</INDIVIDUAL_ALIAS><INDIVIDUAL_ALIAS><QUALITY>Low</QUALITY><ALIAS_NAME>Abu Nobody
</ALIAS_NAME></INDIVIDUAL_ALIAS></INDIVIDUAL></INDIVIDUALS><ENTITIES><ENTITY>
<DATAID>8</DATAID><FIRST_NAME>BELL TRADING</FIRST_NAME></ENTITY></ENTITIES>
</CONSOLIDATED_LIST>"""


def test_lists_are_read_without_ships_and_weak_aliases(tmp_path):
    files = {
        "un.xml": UN,
        "sdn.csv": '36,"BELL AIR",-0- ,"X"' + ",-0- " * 8 + "\r\n"
        '37,"MV BELL","vessel","X"' + ",-0- " * 8 + "\r\n\x1a",
        "alt.csv": '36,1,"aka","AIRBELL",-0- \r\n37,2,"aka","SHIP",-0- \r\n\x1a',
    }
    for name, text in files.items():
        (tmp_path / name).write_bytes(text.encode())
    draft = Draft()
    sanctions.read_un(draft, tmp_path / "un.xml")
    sanctions.read_ofac(draft, tmp_path / "sdn.csv", "OFAC-SDN")
    sanctions.read_ofac_aliases(draft, tmp_path / "alt.csv", "OFAC-SDN")
    made = compiled(draft)["sanctions"]
    rows = list(zip(made["ids"].tolist(), made["names"].tolist(), strict=True))
    assert rows == [
        ("UN:7", "ARON BELL"),
        ("UN:7", "Арон Белл"),
        ("UN:7", "A. Bellow"),
        ("UN:8", "BELL TRADING"),
        ("OFAC-SDN:36", "BELL AIR"),
        ("OFAC-SDN:36", "AIRBELL"),
    ]


def test_labelled_pairs_are_told_apart(shared_data):
    with (shared_data / "sanctions/nomenklatura_name_bench_cases.csv").open(
        encoding="utf-8"
    ) as file:
        rows = list(csv.DictReader(file))
    scores = np.array([like(row["name1"], row["name2"]) for row in rows])
    same = np.array([row["is_match"] == "true" for row in rows])
    count = same.sum()
    lower = rankdata(scores)[same].sum() - count * (count + 1) / 2
    auc = lower / (count * (len(rows) - count))
    hits = scores >= THRESHOLD
    recall, precision = hits[same].mean(), same[hits].mean()
    # what was measured belongs into the log
    print(f"{len(rows)} pairs: AUC {auc:.3f}; {recall=:.3f} {precision=:.3f}")  # noqa: T201 - see above
    assert len(rows) == 826
    assert auc >= AUC
    assert recall >= 0.75
    assert precision >= 0.8


@pytest.fixture(scope="module")
def un_names(shared_data):
    draft = Draft()
    sanctions.read_un(draft, shared_data / "sanctions/un_consolidated.xml.gz")
    columns = compiled(draft)["sanctions"]
    return columns["ids"].tolist(), columns["names"].tolist()


def test_every_listed_name_is_found_again(un_names):
    ids, names = un_names
    lists = Watchlist(ids, names)
    chosen = list(zip(ids, names, strict=True))[::4]
    turned = [" ".join([*name.split()[1:], name.split()[0]]) for _, name in chosen]
    for given_names in ([name for _, name in chosen], turned):
        found = lists.screen(given_names)
        again = [
            entry in {hit.entry_id for hit in hits}
            for (entry, _), hits in zip(chosen, found, strict=True)
        ]
        assert np.mean(again) >= RECALL


def test_operators_of_networks_are_rarely_taken_for_listed_ones(un_names, shared_data):
    import pyarrow.csv as pa_csv

    path = shared_data / "ip_intel/asn_names.csv.gz"
    operators = pa_csv.read_csv(path).column("org").to_pylist()[::300]
    found = Watchlist(*un_names).screen([str(one) for one in operators])
    rate = np.mean([bool(hits) for hits in found])
    # what was measured belongs into the log
    print(f"{len(operators)} network operators: {rate:.4f} taken for UN entries")  # noqa: T201 - see above
    assert rate <= 0.01
