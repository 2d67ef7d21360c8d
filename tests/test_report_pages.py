"""Which sections make which page, and what is said about the rest."""

from __future__ import annotations

import msgspec
import view_builders as a

from model_insights.view import Fact, Facts, Notice, Paragraph, Section, Table, View
from report.limits import LIMITS, cut, cut_blocks
from report.pages import MOST_PAGES, checksum, plan, printable


def sheets(*views: View) -> dict[str, str]:
    return {sheet.id: sheet.title for sheet in plan(views).sheets}


def test_the_pages_stand_in_the_order_of_a_reader():
    assert ["verdict", "cost", "where", "business", "data", "model", "what_if", "how"] == list(sheets(*a.both_views()))


def test_a_page_carries_the_sentence_of_its_section():
    titles = sheets(*a.both_views())

    assert a.a_headline().sentence == titles["verdict"]
    assert "Two weeks cost EUR 12,400, as much as the 13 weeks before." == titles["cost"]


def test_a_page_without_sections_is_left_out():
    alone = a.an_insights_view(sections=())

    assert ["verdict", "how"] == list(sheets(alone))


def test_a_section_nobody_planned_stands_on_the_last_page():
    strange = Section(id="moon", title="The moon is full.", blocks=(Paragraph(text="It is."),))
    report = plan((a.an_insights_view(sections=(strange,)),))

    assert "The moon is full." == report.sheets[-1].title


def test_a_new_section_of_the_cost_page_is_a_what_if_and_one_of_a_corner_goes_to_its_corner():
    views = (
        a.an_insights_view(sections=(Section(id="labels", title="Labels.", corner="data"),)),
        a.a_cost_view(sections=(Section(id="orders2", title="Orders."),)),
    )

    assert {"verdict", "data", "what_if", "how"} == set(sheets(*views))
    assert ("Labels.", "Orders.") == (sheets(*views)["data"], sheets(*views)["what_if"])


def test_sections_left_out_are_named():
    extra = tuple(Section(id=f"extra{i}", title=f"Extra {i}") for i in range(4))
    how = plan((a.an_insights_view(sections=extra),), {"how": len(LIMITS) - 1}).sheets[-1]

    assert [Paragraph(text="More in the tab: Extra 2; Extra 3.", tone="muted")] == [
        block for section in how.sections for block in section.blocks
    ]


def test_a_figure_that_two_sections_show_is_shown_once():
    money = Section(id="money", title="Money", blocks=(a.a_time_series(),))
    history = Section(id="history", title="History", blocks=(a.a_time_series(),))

    assert ["verdict", "cost", "how"] == list(sheets(a.an_insights_view(sections=(history,)), a.a_cost_view(sections=(money,))))


def test_slices_and_waterfall_of_the_verdict_have_their_own_pages():
    verdict = Section(id="verdict", title="Verdict", blocks=(a.a_triangle(), a.a_waterfall(), a.a_heat_map(), a.some_facts()))
    first, cost, where, _ = plan((a.an_insights_view(sections=(verdict,)),)).sheets

    assert a.a_triangle() == first.triangle
    assert (a.some_facts(),) == first.sections[0].blocks
    assert (a.a_waterfall(),) == cost.sections[0].blocks
    assert (a.a_heat_map(),) == where.sections[0].blocks


def test_the_first_page_shows_the_three_dearest_slices_whatever_the_table_is_sorted_by():
    table = a.a_table()
    turned = msgspec.structs.replace(table, rows=tuple(reversed(table.rows)))
    view = a.a_cost_view(sections=(Section(id="slices", title="Where", blocks=(turned,)),))
    worst = plan((a.an_insights_view(), view)).sheets[0].worst

    assert worst is not None
    assert ["men_dress", "women_heels", "sandals"] == [row.cells[0].text for row in worst.rows]
    assert ["Slice", "Cases", "Share of cases", "Cost per week", "Change", "State"] == [column.title for column in worst.columns]


def test_a_long_table_says_how_many_rows_are_in_the_tab():
    shown = cut(a.a_table(rows=25, total=1275), LIMITS[0])

    assert isinstance(shown, Table)
    assert 12 == len(shown.rows)
    assert shown.note.endswith("And 1,263 more rows in the tab.")


def test_a_figure_left_out_is_named():
    blocks, left = cut_blocks((a.a_bars(), a.a_heat_map()), LIMITS[-3], 1)

    assert 0 == left
    assert Paragraph(text="More in the tab: Change of cost by line and region.", tone="muted") == blocks[-1]


def test_facts_left_out_are_counted():
    facts = Facts(items=tuple(Fact(label=str(i), value="x") for i in range(9)))

    assert Paragraph(text="And 7 more facts in the tab.", tone="muted") == cut_blocks((facts,), LIMITS[-1], 0)[0][-1]


def test_every_limit_takes_no_more_figures_than_the_one_before():
    assert sorted((limit.figures for limit in LIMITS), reverse=True) == [limit.figures for limit in LIMITS]


def test_there_are_never_more_sheets_than_pages():
    extra = tuple(Section(id=f"extra{i}", title=f"Extra {i}") for i in range(20))
    insights = a.an_insights_view(sections=(*a.an_insights_view().sections, *extra))

    assert MOST_PAGES == len(plan((insights, a.a_cost_view())).sheets)


def test_a_fact_that_differs_between_the_views_carries_the_name_of_its_page():
    insights = a.an_insights_view(footer=(Fact(label="Checksum", value="aa"), Fact(label="Period", value="May")))
    cost = a.a_cost_view(footer=(Fact(label="Checksum", value="bb"), Fact(label="Period", value="May")))
    report = plan((insights, cost))

    assert ["Checksum", "Period", "Checksum (Business Cost)"] == [fact.label for fact in report.facts]
    assert "aa" == report.mark


def test_a_notice_of_both_views_is_said_once():
    notice = Notice(level="error", text="metrics-00000 ends 12 bytes early.")
    report = plan((a.an_insights_view(notices=(notice,)), a.a_cost_view(notices=(notice,))))

    assert (notice,) == report.notices


def test_characters_no_page_can_show_are_replaced_and_the_rest_stays():
    view = printable(a.an_insights_view(title="A\x00B\x1bC\u202eD\nE\u00a0F 鞋 محمد"))

    assert "A\ufffdB\ufffdC\ufffdD E\u00a0F 鞋 محمد" == view.title


def test_the_checksum_follows_the_content():
    assert checksum(a.both_views()) == checksum(a.both_views())
    assert checksum(a.both_views()) != checksum((a.an_insights_view(), a.a_cost_view(subtitle="other")))


def test_a_page_that_says_a_sentence_and_shows_nothing_joins_page_1_where_there_is_room():
    bare = a.a_cost_view(sections=(Section(id="money", title="No cost is known.", lead="There is no insights.toml."),))
    alone = plan((a.an_insights_view(sections=()), bare)).sheets
    full = plan(
        (a.an_insights_view(sections=()), msgspec.structs.replace(bare, sections=(*bare.sections, *a.a_cost_view().sections[1:2])))
    ).sheets

    assert ["verdict", "how"] == [sheet.id for sheet in alone]
    assert "There is no insights.toml." in [section.lead for section in alone[0].sections]
    assert "There is no insights.toml." in [section.lead for section in full[-1].sections]


def test_the_verdict_does_not_repeat_its_lead():
    verdict = Section(
        id="verdict", title="V", lead="no reference", blocks=(Paragraph(text="It cannot be said: no reference."), a.some_facts())
    )

    assert (a.some_facts(),) == plan((a.an_insights_view(sections=(verdict,)),)).sheets[0].sections[0].blocks


def test_paper_does_not_ask_for_a_mouse():
    shown = cut(a.a_threshold_curve(note="Drag the line to price another threshold. Only mistakes are priced."), LIMITS[0])

    assert "Only mistakes are priced." == getattr(shown, "note", "")
