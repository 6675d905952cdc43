"""The guarded session over TLS: a certificate of a known authority passes, everything else was not sent."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from core.plugin_api.errors import NotSent
from core.plugin_host.hosts import HostPolicy
from core.plugin_host.http import guarded_session

LOCAL = HostPolicy(hosts=frozenset({"127.0.0.1", "localhost"}), allow_loopback=True)
OK = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"


@dataclass(frozen=True)
class TlsServer:
    port: int
    authority: str  # the file that holds its certificate
    received: list[bytes]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[TlsServer]:
    """A server on 127.0.0.1 whose certificate is good for that address and for no name."""
    certificate = _certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    listening = socket.create_server(("127.0.0.1", 0))
    received: list[bytes] = []
    thread = threading.Thread(target=_serve, args=(listening, context, received), daemon=True)
    thread.start()
    yield TlsServer(listening.getsockname()[1], str(certificate), received)
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join(5)


def _serve(listening: socket.socket, context: ssl.SSLContext, received: list[bytes]) -> None:
    while True:
        try:
            plain, _ = listening.accept()
        except OSError:
            return
        with plain, suppress(OSError), context.wrap_socket(plain, server_side=True) as secure:
            received.append(secure.recv(65536))
            secure.sendall(OK)


def _certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kit")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


def test_a_known_authority_passes(server: TlsServer) -> None:
    response = guarded_session(LOCAL).get(f"https://127.0.0.1:{server.port}/v1", verify=server.authority)
    assert (response.status_code, response.content) == (200, b"ok")
    assert server.received[0].startswith(b"GET /v1 HTTP/1.1")


def test_an_unknown_authority_gets_nothing(server: TlsServer) -> None:
    with pytest.raises(NotSent, match="SSL"):
        guarded_session(LOCAL).post(f"https://127.0.0.1:{server.port}/v1", json={"secret": "canary"})
    assert server.received == []


def test_a_certificate_of_another_name_gets_nothing(server: TlsServer) -> None:
    with pytest.raises(NotSent, match="SSL"):
        guarded_session(LOCAL).get(f"https://localhost:{server.port}/v1", verify=server.authority)
    assert server.received == []
