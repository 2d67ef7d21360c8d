"""What a person does in the tabs, in a real TensorBoard and a real Chromium. The steps are in journeys.mjs."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser


def test_both_tabs_open_and_say_what_the_views_say(walk):
    walk("both_tabs_open")


def test_a_deep_link_works_cold(walk):
    walk("deep_link_works_cold")


def test_a_slice_opens_and_back_returns(walk):
    walk("slice_opens_and_back_returns")


def test_a_feature_opens_with_its_distributions(walk):
    walk("feature_opens_with_its_distributions")


def test_an_artifact_opens_with_its_lineage(walk):
    walk("artifact_opens_with_its_lineage")


def test_a_run_chosen_in_one_tab_is_chosen_in_the_other(walk):
    walk("chosen_run_is_shared")


def test_a_table_is_sorted_by_the_server_and_the_address_keeps_it(walk):
    walk("table_is_sorted")


def test_the_tabs_follow_tensorboards_dark_mode(walk):
    walk("dark_mode_is_followed")


def test_the_report_is_exported_and_downloaded(walk):
    walk("report_is_exported")


def test_what_it_turned_out_to_be_and_words_for_the_report_are_kept_and_shown(walk):
    walk("words_are_kept")


def test_unit_values_are_assumed_by_keys_in_both_tabs_and_taken_back(walk):
    walk("unit_values_are_assumed")


def test_what_if_predicts_with_the_demos_models_and_the_way_back_works(walk):
    walk("what_if_predicts_and_back")


def test_an_address_of_something_that_does_not_exist_is_a_sentence_with_a_way_out(walk):
    walk("unknown_id_is_a_sentence")
