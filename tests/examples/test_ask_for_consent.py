"""The example does what it says, and a stranger's type checker is content with it."""

import subprocess
import sys
import threading

import pytest

from enmeshed_nb.guide import accept_all, reject_all
from tests.conftest import ROOT, until

PROGRAM = ROOT / "examples" / "ask_for_consent.py"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(PROGRAM), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(("agrees", "said"), [(True, "The peer agrees.\n"), (False, "The peer does not agree.\n")])
def test_it_waits_for_the_answer(network, recipient, sender, agrees, said):
    state = network.state.connector("sender")
    finished: list[subprocess.CompletedProcess[str]] = []
    consent = f"I agree, {agrees}."
    peer = recipient.account.identity_info().address
    program = threading.Thread(target=lambda: finished.append(run(state.url, state.api_key, peer, consent)))
    program.start()

    def asked():
        recipient.account.sync()
        waiting = recipient.requests.incoming.list(status="ManualDecisionRequired")
        return [request for request in waiting if getattr(request.content.items[0], "consent", "") == consent]

    (request,) = until(asked)
    if agrees:
        recipient.requests.incoming.accept(request.id, accept_all(request))
    else:
        recipient.requests.incoming.reject(request.id, reject_all(request))
    program.join()
    assert (finished[0].stdout, finished[0].returncode) == (said, 0 if agrees else 1), finished[0].stderr


def test_what_went_wrong_is_said(network):
    state = network.state.connector("sender")
    nobody = "did:e:localhost:dids:" + "f" * 22
    for arguments, said in [
        ((), "python examples/ask_for_consent.py URL API_KEY PEER"),
        (("http://127.0.0.1:9", state.api_key, nobody, "x"), "Check that the Connector runs"),
        ((state.url, "wrong", nobody, "x"), "API key"),
        ((state.url, state.api_key, nobody, "x"), "missingRelationship"),
    ]:
        finished = run(*arguments)
        assert (finished.returncode, finished.stdout) == (2, "")
        assert said in finished.stderr
        assert "Traceback" not in finished.stderr


def test_a_strict_type_checker_is_content_without_any_configuration(tmp_path):
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--config-file",
        "",
        "--cache-dir",
        str(tmp_path),
        str(PROGRAM),
    ]
    checked = subprocess.run(command, capture_output=True, text=True, timeout=170, check=False, cwd=tmp_path)
    assert checked.returncode == 0, checked.stdout
