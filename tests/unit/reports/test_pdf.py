"""The PDF is PDF/A-3b in structure, self-contained, and always the same bytes."""

import io
import json

import pikepdf
import pytest

from apps.reports.presenters import build, render_pdf
from apps.reports.presenters.pdf import printable
from tests.unit.reports.samples import make_sources, snapshot


@pytest.fixture(scope="module")
def content():
    sources = make_sources(snapshot())
    return render_pdf(build(sources), snapshot=sources.snapshot_text)


@pytest.fixture
def pdf(content):
    with pikepdf.open(io.BytesIO(content)) as opened:
        yield opened


def test_the_same_document_gives_the_same_bytes(content):
    sources = make_sources(snapshot())
    assert render_pdf(build(sources), snapshot=sources.snapshot_text) == content


def test_metadata_declares_the_archival_standard(pdf):
    with pdf.open_metadata() as metadata:
        assert metadata["pdfaid:part"] == "3"
        assert metadata["pdfaid:conformance"] == "B"
        assert metadata["xmp:CreateDate"].startswith("2026-11-22T10:00:01")
    [intent] = pdf.Root.OutputIntents
    assert intent.S == "/GTS_PDFA1"
    assert len(intent.DestOutputProfile.read_bytes()) > 100
    assert "/Encrypt" not in pdf.trailer
    assert "/ID" in pdf.trailer


def test_snapshot_and_proof_are_attached_with_their_relationship(pdf):
    found = {}
    for name, spec in pdf.attachments.items():
        found[name] = (str(spec.obj.AFRelationship), spec.get_file())
        assert spec.get_file().mime_type == "application/json"
    assert {name: kind for name, (kind, _) in found.items()} == {
        "snapshot.json": "/Source",
        "proof.json": "/Supplement",
    }
    attached = json.loads(found["snapshot.json"][1].read_bytes())
    assert attached == snapshot()
    assert len(pdf.Root.AF) == 2


def test_every_font_is_embedded(pdf):
    fonts = {}
    for page in pdf.pages:
        fonts |= dict(page.resources.get("/Font", {}))
    assert fonts
    for font in fonts.values():
        [inner] = font.get("/DescendantFonts", [font])
        descriptor = inner.FontDescriptor
        assert any(name in descriptor for name in ("/FontFile2", "/FontFile3"))
        assert "/ToUnicode" in font


def test_the_document_is_tagged_and_has_a_language(pdf):
    assert bool(pdf.Root.MarkInfo.Marked)
    assert "/StructTreeRoot" in pdf.Root
    assert str(pdf.Root.Lang) == "en"


def test_nothing_in_it_runs_or_points_outside(content, pdf):
    assert "/JavaScript" not in pdf.Root.get("/Names", {})
    assert "/OpenAction" not in pdf.Root
    for page in pdf.pages:
        assert not page.get("/Annots", [])


def rendered(text):
    sources = make_sources(snapshot(facts={"declared_use_case": text}))
    return render_pdf(build(sources), snapshot=sources.snapshot_text)


@pytest.mark.parametrize("text", ["#panic()", "*x* _y_ <l> @ref $1$ \\", "= a\n- b"])
def test_facts_are_text_and_never_markup(text):
    assert rendered(text).startswith(b"%PDF-")


def test_every_character_is_shown_or_named():
    everything = "".join(map(chr, [*range(0x520), *range(0x1E00, 0x2300, 3), 0xFFFF]))
    assert rendered(everything).startswith(b"%PDF-")
    assert printable("\u6f22 \u202ex\x00") == "[U+6F22] [U+202E]x[U+0000]"
    assert printable("Zo\u00eb \u0416") == "Zo\u00eb \u0416"


def test_a_bare_assessment_makes_a_report_too():
    bare = snapshot(facts={})
    bare["score"] |= {"ring": None, "reasons": []}
    bare["policy"] |= {"rules": []}
    bare["assessment"] |= {"degraded": True, "missing": ["ip"]}
    sources = make_sources(bare, ring=None, human=(), case="")
    assert render_pdf(build(sources), snapshot=sources.snapshot_text)
