"""Deciding a Request, item by item."""

from datetime import UTC, datetime, timedelta
from functools import partial

import httpx
import ipywidgets
import pytest

from enmeshed_nb import Journal
from enmeshed_nb.connector import Connector
from enmeshed_nb.content import (
    DateFormFieldSettings,
    DisplayName,
    FormFieldRequestItem,
    IdentityAttribute,
    IdentityAttributeQuery,
    ReadAttributeRequestItem,
    RequestItemGroup,
    StringFormFieldSettings,
)
from enmeshed_nb.guide import DecisionError, wait_for_status
from enmeshed_nb.widgets import DecisionForm
from tests.conftest import until
from tests.widgets.samples import AUTHENTICATION, OPTIONAL
from tests.widgets.seen import alerts, choose, control, controls, html_of, part, press, read, status, text_of, walk

NAME = FormFieldRequestItem(title="Name", settings=StringFormFieldSettings(), must_be_accepted=True)
DAY = FormFieldRequestItem(title="Day", settings=DateFormFieldSettings(), must_be_accepted=True)


def toggles(widget):
    """What chooses between accepting and rejecting."""
    (found,) = [each for each in walk(widget) if isinstance(each, ipywidgets.ToggleButtons)]
    return found


def can_be_chosen(widget):
    """Whether one can still choose between accepting and rejecting."""
    return not toggles(widget).disabled


def shown(widget):
    """Which of the two is ticked."""
    return toggles(widget).value


def test_who_asks_is_named_where_the_name_is_known(incoming, recipient):
    request = incoming(AUTHENTICATION)
    assert "Ada asks you." in read(DecisionForm(recipient, request, names={request.peer: "Ada"}))
    assert f"{request.peer[-4:]} asks you." in read(DecisionForm(recipient, request))


def test_all_that_is_asked_can_be_read(incoming, recipient):
    before = datetime(2999, 1, 1, tzinfo=UTC)
    newsletter = OPTIONAL.model_copy(update={"description": "Once a month."})
    items = (NAME, RequestItemGroup(items=[newsletter]), RequestItemGroup(title="More", items=[AUTHENTICATION]))
    request = incoming(*items, title="Membership", description="What we need.", expires_at=before)
    form = DecisionForm(recipient, request, names={request.peer: "Ada"})
    head = f"MembershipWhat we need.Ada asks you. To be answered before 2999-01-01T00:00:00.000Z. {request.id}"
    for words in (read(form), text_of(html_of(form))):
        assert head in words
    seen = read(form)
    for words in ("NameQuestion · required", "NewsletterConsent · optionalOnce a month.", "Several items", "More"):
        assert words in seen
    assert "A text of 1 to 4096 characters." in read(part(form, "Name"))
    assert str(form).splitlines() == [
        f"Request {request.id}, ManualDecisionRequired; to accept:",
        "  “Name” (1st): accept",
        "  “Newsletter” (1st in the group at the 2nd place): undecided",
        "  “Is it you?” (1st in “More”): accept",
    ]
    without = DecisionForm(recipient, incoming(OPTIONAL))
    assert "An incoming Request" in read(without)
    assert "answered before" not in read(without)
    assert "“Newsletter”: undecided" in str(without)


def test_what_is_set_from_python_is_told_and_kept(incoming, recipient):
    query = IdentityAttributeQuery(value_type="DisplayName")
    form = DecisionForm(
        recipient, incoming(NAME, ReadAttributeRequestItem(query=query, must_be_accepted=True), OPTIONAL)
    )
    attribute = IdentityAttribute(owner=recipient.account.identity_info().address, value=DisplayName(value="Ada"))
    form.accept_all({0: {"response": "Zoë"}, 1: {"new_attribute": attribute}})
    form.reject(2, code="no.time", message="Not now.")
    told = ("Response: Zoë", "New attribute: Ada", "Code: no.time; Message: Not now.")
    for words, item in zip(told, ("NameQuestion", "Display name, to read", "Newsletter"), strict=True):
        assert words in read(part(form, item))
        assert controls(part(form, item), "Answer *") == []
    table = text_of(html_of(form))
    assert "Name1st · QuestionyesacceptResponse: Zoë" in table
    assert "Newsletter3rd · ConsentnorejectCode: no.time; Message: Not now." in table
    choose(part(form, "Newsletter"), "Accept")
    assert "no.time" not in read(form)
    form.reject_all()
    assert text_of(html_of(form)).count("reject") == 3
    assert str(form).count(": reject") == 3


def test_what_is_set_from_python_can_be_changed(incoming, recipient):
    form = DecisionForm(recipient, incoming(NAME, OPTIONAL))
    assert controls(form, "Change") == []
    form.accept_all({0: {"response": "Zoë"}})
    press(form, "Change")
    assert control(form, "Answer *").value == "Zoë"
    assert "Response: Zoë" not in read(form)
    assert controls(form, "Change") == []
    assert form.decision.model_dump()["items"][0] == {"accept": True, "response": "Zoë"}
    control(form, "Answer *").value = ""
    assert alerts(part(form, "Name")) == ["✘ Needs a text of 1 to 4096 characters."]
    control(form, "Answer *").value = "Ada"
    assert form.decision.model_dump()["items"][0]["response"] == "Ada"
    form.accept(0, response="Bo")
    form.decide()
    assert controls(form, "Change") == []


def test_what_was_answered_stays_to_be_read(incoming, recipient):
    form = DecisionForm(recipient, incoming(NAME, RequestItemGroup(title="More", items=[OPTIONAL])))
    control(form, "Answer *").value = "Zoë"
    form.reject((1, 0), message="Not now.")
    form.decide()
    assert "Response: Zoë" in read(part(form, "Name"))
    assert "Message: Not now." in read(part(form, "Newsletter"))
    assert "Response: Zoë" in text_of(html_of(form))
    again = DecisionForm(recipient, form.request)
    assert "Response: Zoë" in read(part(again, "Name"))
    assert [shown(part(again, each)) for each in ("Name", "Newsletter")] == ["accept", "reject"]


def test_a_required_item_is_chosen_an_optional_one_must_be(incoming, recipient, sender):
    request = incoming(AUTHENTICATION, RequestItemGroup(items=[OPTIONAL]))
    form = DecisionForm(recipient, request)
    assert alerts(part(form, "Is it you?")) == []
    (problem,) = alerts(part(form, "Newsletter"))
    assert problem == "✘ Accept or reject it."
    assert "1 item still needs something" in status(form)
    assert control(form, "Decide").disabled
    choose(part(form, "Newsletter"), "Reject")
    assert alerts(form) == []
    assert "can be accepted like this" in status(form)
    press(form, "Decide")
    assert form.request.status == "Decided"
    done = wait_for_status(sender.requests.outgoing, request.id, "Completed", sync=sender)
    assert [item.result for item in done.response.content.items[1].items] == ["Rejected"]
    assert form.decide().status in ("Decided", "Completed")
    assert "This Request is" in status(form)
    assert control(form, "Decide").disabled


def test_a_required_item_that_is_rejected_is_named(incoming, recipient):
    form = DecisionForm(recipient, incoming(AUTHENTICATION))
    choose(part(form, "Is it you?"), "Reject")
    (problem,) = alerts(part(form, "Is it you?"))
    assert problem == "✘ “Is it you?” must be accepted to accept the Request. Accept it, or reject every item."
    with pytest.raises(DecisionError, match="must be accepted"):
        form.decide()


def test_of_two_items_that_are_the_same_the_right_one_is_named(incoming, recipient):
    group = RequestItemGroup(title="More of it", items=[OPTIONAL, OPTIONAL])
    form = DecisionForm(recipient, incoming(OPTIONAL, group))
    assert len(alerts(form)) == len(alerts(part(form, "More of it"))) + 1 == 3
    form.reject(0)
    form.accept((1, 0))
    assert alerts(form) == alerts(part(form, "More of it")) == ["✘ Accept or reject it."]
    with pytest.raises(DecisionError) as undecided:
        _ = form.decision
    assert undecided.value.path == (1, 1)


def test_a_whole_request_is_rejected(incoming, recipient, sender):
    request = incoming(AUTHENTICATION, OPTIONAL)
    form = DecisionForm(recipient, request)
    form.reject_all(code="not.now", message="Not now.")
    assert "can be rejected like this" in status(form)
    assert [can_be_chosen(part(form, each)) for each in ("Is it you?", "Newsletter")] == [False, False]
    assert [shown(part(form, each)) for each in ("Is it you?", "Newsletter")] == ["reject", "reject"]
    choose(form, "Accept the Request")
    assert [shown(part(form, each)) for each in ("Is it you?", "Newsletter")] == ["accept", None]
    assert [can_be_chosen(part(form, each)) for each in ("Is it you?", "Newsletter")] == [True, True]
    choose(form, "Reject the Request")
    form.decide()
    done = wait_for_status(sender.requests.outgoing, request.id, "Completed", sync=sender)
    assert [(item.code, item.message) for item in done.response.content.items] == [("not.now", "Not now.")] * 2


def test_a_reason_is_asked_for_where_something_is_rejected(incoming, recipient):
    form = DecisionForm(recipient, incoming(NAME, OPTIONAL))
    name, newsletter = (partial(part, form, words) for words in ("Name", "Newsletter"))
    assert controls(form, "Message") == controls(form, "Code") == []
    assert "JSON" in read(newsletter())
    choose(newsletter(), "Reject")
    assert (len(controls(newsletter(), "Message")), controls(name(), "Message")) == (1, [])
    choose(name(), "Reject")
    assert controls(name(), "Answer *") == []
    choose(name(), "Accept")
    assert len(controls(name(), "Answer *")) == 1
    choose(form, "Reject the Request")
    assert [len(controls(form, each)) for each in ("Message", "Code", "Answer *")] == [1, 1, 0]
    choose(form, "Accept the Request")
    assert controls(form, "Code") == []


def test_one_item_is_rejected_for_a_reason(incoming, recipient):
    form = DecisionForm(recipient, incoming(AUTHENTICATION, OPTIONAL))
    form.reject(1, message="Not now.")
    assert control(part(form, "Newsletter"), "Message").value == "Not now."
    control(part(form, "Newsletter"), "Message").value = "x" * 1001
    assert "1001 characters" in alerts(part(form, "Newsletter"))[0]
    control(part(form, "Newsletter"), "Message").value = "Never."
    assert alerts(form) == []
    assert form.decision.model_dump()["items"][1] == {"accept": False, "message": "Never."}
    form.reject(1, code="no.time", message="Not now.")
    assert form.decision.model_dump()["items"][1] == {"accept": False, "code": "no.time", "message": "Not now."}


def test_what_is_set_from_python_must_fit(incoming, recipient):
    form = DecisionForm(recipient, incoming(NAME, RequestItemGroup(items=[DAY])))
    form.accept_all({0: {"response": "Zoë"}, (1, 0): {"response": "2030-01-31"}})
    assert "can be accepted like this" in status(form)
    for path, inputs in (((1, 0), {"response": "tomorrow"}), ((2,), {})):
        with pytest.raises(DecisionError) as refused:
            form.accept_all({path: inputs})
        assert refused.value.path == path
        with pytest.raises(DecisionError):
            form.accept(path, **inputs)
    assert "can be accepted like this" in status(form)
    form.accept_all()
    (problem,) = alerts(part(form, "Name"))
    assert problem == "✘ Needs a text of 1 to 4096 characters."


def test_a_form_can_begin_with_what_fits_of_an_answer(incoming, recipient):
    answer = {0: {"response": "Zoë"}, (1, 0): {"response": "2030-01-31"}}
    thought_of = DecisionForm(recipient, incoming(NAME, RequestItemGroup(items=[DAY]), OPTIONAL))
    thought_of.prefill(answer, reject={2: "Not now."})
    assert thought_of.decision.model_dump()["items"] == [
        {"accept": True, "response": "Zoë"},
        {"items": [{"accept": True, "response": "2030-01-31"}]},
        {"accept": False, "message": "Not now."},
    ]
    other = DecisionForm(recipient, incoming(DAY, OPTIONAL))  # its 1st is no text, there are no 2nd in a group, no 3rd
    other.reject_all()
    other.prefill(answer, reject={2: "Not now."})
    assert str(other).splitlines()[1:] == ["  “Day” (1st): accept", "  “Newsletter” (2nd): accept"]
    assert "Response: Zoë" not in read(other)
    assert control(part(other, "Day"), "Answer *").value is None


def test_one_change_is_checked_once(incoming, recipient):
    request = incoming(NAME, OPTIONAL)
    form = DecisionForm(recipient, request)
    form.accept_all({0: {"response": "Zoë"}})
    changes = {
        "CanAccept": [
            lambda: form.reject(1, message="Not now."),
            lambda: choose(part(form, "Newsletter"), "Accept"),
            lambda: form.accept_all({0: {"response": "Ada"}}),
            lambda: form.accept(0, response="Bo"),
        ],
        "CanReject": [
            lambda: form.reject_all(code="not.now", message="Not now."),
            lambda: setattr(control(form, "Code"), "value", "never"),
        ],
    }
    with Journal(recipient) as journal:
        for call, each in changes.items():
            for change in each:
                before = len(journal.asides)
                change()
                assert [made.path.rpartition("/")[2] for made in journal.asides[before:]] == [call]


def test_a_request_that_was_decided_elsewhere_is_told(incoming, recipient):
    request = incoming(AUTHENTICATION)
    form = DecisionForm(recipient, request)
    recipient.requests.incoming.reject(request.id, [{"accept": False}])
    assert form.decide().response.content.result == "Rejected"
    assert "Rejected" in status(form)
    assert control(form, "Decide").disabled


def test_that_it_was_decided_elsewhere_is_found_by_the_next_change(incoming, recipient):
    request = incoming(OPTIONAL)
    form = DecisionForm(recipient, request)
    recipient.requests.incoming.accept(request.id, [{"accept": True}])
    choose(part(form, "Newsletter"), "Reject")
    assert "This Request is" in status(form)
    assert control(form, "Decide").disabled


def test_an_expired_request_is_told(incoming, recipient):
    request = incoming(AUTHENTICATION, expires_at=datetime.now(UTC) + timedelta(seconds=2))
    form = DecisionForm(recipient, request)
    until(lambda: datetime.now(UTC) > request.content.expires_at)
    press(form, "Decide")
    assert form.request.status == "Expired"
    assert status(form) == "This Request is ⌛ Expired. There is no Response."
    assert status(form) in text_of(html_of(form))
    assert toggles(part(form, "Is it you?")).disabled


class Breakable(httpx.HTTPTransport):
    """Reaches a Connector until it is broken."""

    is_broken = False

    def handle_request(self, request):
        if self.is_broken:
            raise httpx.ConnectError("broken")
        return super().handle_request(request)


def test_a_connector_that_does_not_answer_is_told_and_the_choice_stays(incoming, network):
    request, state, way = incoming(OPTIONAL), network.state.connector("recipient"), Breakable()
    with Connector(state.url, state.api_key, transport=way, retries=0) as recipient:
        form = DecisionForm(recipient, request)
        way.is_broken = True
        choose(part(form, "Newsletter"), "Reject")
        assert "Check that the Connector runs" in status(form)
        assert control(form, "Decide").disabled
        way.is_broken = False
        form.check()
        assert "can be accepted like this" in status(form)
        assert form.decision.model_dump() == {"items": [{"accept": False}]}


class Early(httpx.HTTPTransport):
    """Shows what a Connector shows before its decider has seen a Request: a moment that cannot be held."""

    def handle_request(self, request):
        answer = super().handle_request(request)
        content = answer.read().replace(b"ManualDecisionRequired", b"DecisionRequired")
        return httpx.Response(answer.status_code, content=content, headers={"content-type": "application/json"})


def test_a_request_that_no_decider_has_seen_can_be_decided(incoming, network):
    request = incoming(AUTHENTICATION)
    state = network.state.connector("recipient")
    with Connector(state.url, state.api_key, transport=Early()) as recipient:
        form = DecisionForm(recipient, request)
        assert form.request.status == "DecisionRequired"
        assert "can be accepted like this" in status(form)
        assert not control(form, "Decide").disabled
        assert form.decide().status == "Decided"
        assert control(form, "Decide").disabled


def test_what_is_decided_is_kept_without_a_kernel(incoming, recipient):
    form = DecisionForm(recipient, incoming(AUTHENTICATION, OPTIONAL))
    assert "undecided" in html_of(form)
    form.accept_all()
    assert "undecided" not in html_of(form)
    assert str(form).endswith("“Newsletter” (2nd): accept")
    assert "Newsletter" in read(form)


def test_who_puts_the_form_into_something_larger_decides_what_its_button_does(incoming, recipient):
    request, pressed = incoming(AUTHENTICATION), []
    form = DecisionForm(recipient, request, on_decide=lambda: pressed.append("Decide"))
    press(form, "Decide")
    assert pressed == ["Decide"]
    assert recipient.requests.incoming.get(request.id).status == "ManualDecisionRequired"
    recipient.requests.incoming.accept(request.id, [{"accept": True}])
    assert can_be_chosen(part(form, "Is it you?"))  # as it was heard last
    with Journal(recipient) as journal:
        form.look()
    assert journal.exchanges == ()
    assert not can_be_chosen(part(form, "Is it you?"))
    assert "This Request is" in status(form)
