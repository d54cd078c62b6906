"""How the transport tells apart what a server may do to a message."""

import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword

from clinic_sessions.mail.transport import Doubt, FolderTransport, Refused, SmtpTransport, Temporary, Unreachable
from tests.mail.post_office import PostOffice, open_office

ANA = "ana@example.org"


@pytest.fixture
def office() -> Iterator[PostOffice]:
    """A post office that takes everything."""
    with open_office() as opened:
        yield opened


def _message(number: int = 1) -> EmailMessage:
    message = EmailMessage()
    message["Message-ID"] = f"<{number:032x}@localhost>"
    message["From"] = "clinic@example.org"
    message["To"] = ANA
    message["Subject"] = "Your visit"
    message.set_content("Hello\n.\n..and a line that begins with dots\n")
    return message


def _send(transport: SmtpTransport, number: int = 1, to: str = ANA) -> None:
    transport.send(_message(number), sender="clinic@example.org", to=to)


def test_a_connection_is_kept_and_dots_come_through(office: PostOffice) -> None:
    transport = SmtpTransport(office.url)
    for number in range(3):
        _send(transport, number)
    transport.close()

    assert office.connections == 1
    assert office.addresses() == [ANA] * 3
    assert "\r\n.\r\n..and" in office.taken[0][1].get_content()


def test_a_kept_connection_that_the_server_ended_is_made_again(office: PostOffice) -> None:
    transport = SmtpTransport(office.url)
    _send(transport, 1)
    assert transport._server is not None
    assert transport._server.sock is not None
    transport._server.sock.shutdown(socket.SHUT_RDWR)
    _send(transport, 2)
    transport.close()

    assert len(office.taken) == 2


def test_greylisting_is_temporary_and_the_connection_goes_on(office: PostOffice) -> None:
    office.at_recipient = lambda _, number: "450 4.2.0 try again later" if number == 1 else None
    transport = SmtpTransport(office.url)
    with pytest.raises(Temporary, match="450"):
        _send(transport)
    _send(transport)
    transport.close()

    assert office.connections == 1
    assert len(office.taken) == 1


@pytest.mark.parametrize(
    ("answer", "bad_address"),
    [
        ("550 5.1.1 no such user", True),
        ("550 no such user", True),
        ("550 5.7.1 not from you", False),
        ("552 5.2.2 mailbox full", False),
        ("554 5.7.1 refused", False),
    ],
)
def test_a_refused_recipient_is_final_and_only_a_missing_mailbox_stops_the_address(
    office: PostOffice, answer: str, bad_address: bool
) -> None:
    office.at_recipient = lambda _address, _number: answer
    transport = SmtpTransport(office.url)
    with pytest.raises(Refused) as refused:
        _send(transport)
    transport.close()

    assert refused.value.bad_address is bad_address


def test_a_refused_content_is_final_but_the_address_stays_good(office: PostOffice) -> None:
    office.at_data = lambda _address, _number: "554 5.6.0 not like this"
    transport = SmtpTransport(office.url)
    with pytest.raises(Refused) as refused:
        _send(transport)
    transport.close()

    assert not refused.value.bad_address


def test_a_loss_after_the_final_dot_is_a_doubt(office: PostOffice) -> None:
    office.at_data = lambda _address, _number: "lose"
    transport = SmtpTransport(office.url)
    with pytest.raises(Doubt):
        _send(transport)

    assert len(office.taken) == 1


def test_a_server_that_hangs_after_the_dot_is_left_at_the_deadline_in_doubt(office: PostOffice) -> None:
    office.at_data = lambda _address, _number: "hang"
    transport = SmtpTransport(office.url, deadline_seconds=0.5)
    began = time.monotonic()
    with pytest.raises(Doubt):
        _send(transport)

    assert time.monotonic() - began < 5


def test_nobody_listening_is_nobody_s_fault() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(Unreachable):
        SmtpTransport(f"smtp://127.0.0.1:{port}").open()


def _serve_bytes(said: list[bytes], pause: float) -> tuple[socket.socket, str]:
    """Serve one connection by hand: send each piece after a pause, whatever is heard."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        try:
            connection, _ = listener.accept()
            with connection:
                for piece in said:
                    connection.sendall(piece)
                    time.sleep(pause)
        except OSError:
            return

    threading.Thread(target=serve, daemon=True).start()
    return listener, f"smtp://127.0.0.1:{listener.getsockname()[1]}"


def test_a_server_that_trickles_its_greeting_is_left_at_the_deadline() -> None:
    listener, url = _serve_bytes([b"2"] * 100, 0.05)
    with listener:
        began = time.monotonic()
        with pytest.raises(Unreachable):
            SmtpTransport(url, deadline_seconds=0.5).open()

        assert time.monotonic() - began < 3


def test_a_drop_before_the_dot_is_temporary() -> None:
    answers = [b"220 hello\r\n", b"250 hello\r\n", b"250 sender ok\r\n", b"250 recipient ok\r\n", b"354 go on\r\n"]
    listener, url = _serve_bytes(answers, 0.05)
    message = _message()
    message.set_content(("y" * 70 + "\n") * 200_000)
    with listener, pytest.raises((Temporary, Doubt)) as raised:
        SmtpTransport(url).send(message, sender="clinic@example.org", to=ANA)

    assert raised.type is Temporary


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 and its key, made for these tests."""
    folder = tmp_path_factory.mktemp("certificate")
    made, key = folder / "certificate.pem", folder / "key.pem"
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to make a certificate with")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "36500", "-subj", "/CN=127.0.0.1"]
    extra = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(made)]
    subprocess.run([*command, *extra], check=True, capture_output=True)
    return made, key


def _tls(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


def test_a_server_that_offers_starttls_is_spoken_to_in_secret(
    certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    with open_office(tls_context=_tls(certificate), require_starttls=True) as office:
        transport = SmtpTransport(office.url)
        _send(transport)
        transport.close()

        assert office.addresses() == [ANA]


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(certificate: tuple[Path, Path]) -> None:
    with open_office(tls_context=_tls(certificate)) as office, pytest.raises(Unreachable):
        SmtpTransport(office.url).open()


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_name_and_password_come_from_the_address_and_a_refused_sign_in_costs_no_message() -> None:
    def admit(
        _server: object, _session: object, _envelope: object, _mechanism: str, given: LoginPassword
    ) -> AuthResult:
        return AuthResult(success=(given.login, given.password) == (b"clinic@example.org", b"p/w:1"), handled=False)

    with open_office(authenticator=admit, auth_required=True, auth_require_tls=False) as office:
        host = office.url.removeprefix("smtp://")
        transport = SmtpTransport(f"smtp://clinic%40example.org:p%2Fw%3A1@{host}")
        _send(transport)
        transport.close()
        assert office.addresses() == [ANA]
        with pytest.raises(Unreachable, match="535"):
            SmtpTransport(f"smtp://clinic%40example.org:wrong@{host}").open()


def test_a_folder_takes_one_file_a_message_id(tmp_path: Path) -> None:
    transport = FolderTransport(tmp_path / "mail")
    transport.open()
    for number in (1, 2, 2):
        transport.send(_message(number), sender="clinic@example.org", to=ANA)

    assert sorted(file.name for file in (tmp_path / "mail").iterdir()) == [f"{1:032x}.eml", f"{2:032x}.eml"]
