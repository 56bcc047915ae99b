"""Errors can be handed on between processes, with all that they know."""

import copy
import importlib
import pickle
import pkgutil

import pytest

import enmeshed_nb
from enmeshed_nb.connector import ApiError, Connector, ValidationFailed, ValidationResult
from enmeshed_nb.connector.errors import Call
from enmeshed_nb.errors import UserError
from enmeshed_nb.guide import WaitError

for part in pkgutil.walk_packages(enmeshed_nb.__path__, "enmeshed_nb."):
    if not part.name.startswith(("enmeshed_nb.localnet.backbone", "enmeshed_nb.widgets", "enmeshed_nb.testing")):
        importlib.import_module(part.name)


def below(kind):
    return {kind, *(each for child in kind.__subclasses__() for each in below(child))}


KINDS = sorted(below(UserError), key=lambda kind: kind.__qualname__)
CALL = Call("sender", "POST", "/api/core/v1/Messages", "the id of the call")


def made(kind):
    if issubclass(kind, ApiError):
        return kind(CALL, 418, {"code": "error.runtime.recordNotFound", "id": "ERR1", "message": "No."})
    if issubclass(kind, WaitError):
        return kind("It did not come.", last={"status": "Open"})
    return kind("Wrong.", "Do it right.")


def test_all_errors_are_tried():
    assert len(KINDS) >= 25


@pytest.mark.parametrize("again", [lambda error: pickle.loads(pickle.dumps(error)), copy.copy, copy.deepcopy])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_error_comes_back_as_it_was(kind, again):
    error = made(kind)
    error.seen = [1]
    error.add_note("On a Tuesday.")
    twin = again(error)
    assert type(twin) is kind
    assert (str(twin), twin.args, vars(twin)) == (str(error), error.args, vars(error))
    assert (twin.problem, twin.cure) == (error.problem, error.cure)
    assert again(twin).args == error.args  # and again
    with pytest.raises(kind):
        raise twin


def test_what_a_check_found_comes_back():
    result = ValidationResult.from_api({"isSuccess": False, "code": "error.x", "message": "No.", "items": []})
    with pytest.raises(ValidationFailed) as failed:
        result.raise_for_failure()
    twin = pickle.loads(pickle.dumps(failed.value))
    assert (twin.result, twin.code, twin.path) == (result, "error.x", ())


def test_the_call_comes_back_with_its_id():
    twin = pickle.loads(pickle.dumps(made(ApiError)))
    assert (twin.call, twin.correlation_id, twin.status, twin.id) == (CALL, "the id of the call", 418, "ERR1")
    assert twin.api_message == "No."


def test_what_failed_at_a_real_connector_comes_back(sender: Connector):
    with pytest.raises(ApiError) as failed:
        sender.messages.get("MSG00000000000000000")
    twin = pickle.loads(pickle.dumps(failed.value))
    assert vars(twin) == vars(failed.value)
    assert len(twin.correlation_id) == 36
