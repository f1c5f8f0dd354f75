"""Causes from lines that real charons (5.9.8) wrote while they disagreed about one thing at a time.

``charon_lines.txt`` has a section for each disagreement and end: the cloud's (10.99.0.1) waits, the device's
(10.99.0.2) begins. Lines that say nothing of the tunnel are left out.
"""

from pathlib import Path

import pytest

from sealane.cloud.observed import LogLine
from sealane.cloud.vpc.diagnosis import REASONS, Expected, diagnose

DOWN = Expected("10.99.0.2", "10.99.0.1", "10.99.0.2")
PHASE_1 = Expected("10.99.0.2", "10.99.0.1", "10.99.0.2", ike_up=True)
UP = Expected("10.99.0.2", "10.99.0.1", "10.99.0.2", ike_up=True, child_up=True)
NOBODY = Expected("10.99.0.9", "10.99.0.1", "10.99.0.9")
DEVICE = Expected("10.99.0.1", "10.99.0.2", "10.99.0.1")


def sections():
    found, lines = {}, []
    for text in (Path(__file__).parent / "charon_lines.txt").read_text().splitlines():
        if text.startswith("== "):
            found[text[3:]] = lines = []
        else:
            lines.append(text)
    return found


SECTIONS = sections()


def lines(name):
    return [LogLine(1000 * at, "INFO", text) for at, text in enumerate(SECTIONS[name], 1)]


CAUSES = {
    "psk cloud": (DOWN, "PskMismatch"),
    "psk device": (DOWN, "PskMismatch"),
    "ike_enc cloud": (DOWN, "EncryptionAlgorithmMismatch"),
    "ike_enc device": (DOWN, "ProposalMismatch"),
    "ike_int cloud": (DOWN, "AuthenticationAlgorithmMismatch"),
    "ike_int device": (DOWN, "ProposalMismatch"),
    "ike_dh cloud": (DOWN, "DhGroupMismatch"),
    "ike_dh device": (DOWN, "ProposalMismatch"),
    "esp_enc cloud": (PHASE_1, "EncryptionAlgorithmMismatch"),
    "esp_enc device": (PHASE_1, "ProposalMismatch"),
    "esp_int cloud": (PHASE_1, "AuthenticationAlgorithmMismatch"),
    "esp_int device": (PHASE_1, "ProposalMismatch"),
    "pfs cloud": (PHASE_1, "PfsMismatch"),
    "pfs device": (PHASE_1, "ProposalMismatch"),
    "pfs_off cloud": (PHASE_1, "PfsMismatch"),
    "pfs_off device": (PHASE_1, "ProposalMismatch"),
    "ts cloud": (PHASE_1, "TrafficSelectorMismatch"),
    "ts device": (PHASE_1, "TrafficSelectorMismatch"),
    "id_local cloud": (DOWN, "PeerIdMismatch"),
    "id_local device": (DOWN, "PskMismatch"),
    "id_remote cloud": (DOWN, "PeerIdMismatch"),
    "id_remote device": (DOWN, "PskMismatch"),
    "version cloud": (DOWN, "IkeVersionMismatch"),
    "version device": (DOWN, "ProposalMismatch"),
    "version_r cloud": (DOWN, "IkeVersionMismatch"),
    "version_r device": (DOWN, "ProposalMismatch"),
    "peer cloud": (NOBODY, "PeerMismatch"),
    "deleted cloud": (DOWN, "ReceiveDeleteNotify"),
    "child_deleted cloud": (PHASE_1, "ReceiveDeleteNotify"),
    "silent device": (DOWN, "NoResponse"),
    "dead cloud": (DOWN, "DpdTimeout"),
    "dead device": (DOWN, "DpdTimeout"),
    "v1_psk cloud": (DOWN, "PskMismatch"),
    "v1_psk device": (DOWN, "PskMismatch"),
    "v1_ike cloud": (DOWN, "EncryptionAlgorithmMismatch"),
    "v1_ike device": (DOWN, "ProposalMismatch"),
    "v1_esp cloud": (PHASE_1, "EncryptionAlgorithmMismatch"),
    "v1_esp device": (PHASE_1, "ProposalMismatch"),
    "v1_pfs cloud": (PHASE_1, "PfsMismatch"),
    "v1_ts cloud": (PHASE_1, "TrafficSelectorMismatch"),
    "v1_ts device": (PHASE_1, "TrafficSelectorMismatch"),
    "v1_aggr cloud": (DOWN, "NegotiationModeMismatch"),
    "v1_aggr device": (DOWN, "PskMismatch"),
    "v1_id cloud": (DOWN, "PeerIdMismatch"),
    "v1_rid device": (DOWN, "PeerIdMismatch"),
    "v1_rid cloud": (DOWN, "ReceiveDeleteNotify"),
    "v1_dead cloud": (DOWN, "DpdTimeout"),
    "v1_dead device": (DOWN, "DpdTimeout"),
}


@pytest.mark.parametrize("name", CAUSES)
def test_a_tunnel_that_is_down_has_the_cause_that_was_made(name):
    expected, code = CAUSES[name]
    found = diagnose(lines(name), expected)
    assert (found.code, found.severity, found.reason) == (code, "Critical", REASONS[code])
    assert found.line in lines(name)


@pytest.mark.parametrize("name", ["good cloud", "good device", "v1_good cloud", "v1_good device", "invalid_ke cloud",
                                  "invalid_ke device"])  # fmt: skip
def test_a_tunnel_that_came_up_is_well_whatever_was_before(name):
    other = lines("psk cloud")
    assert diagnose([*other, *lines(name)], UP).code == "NoExceptionFound"
    assert diagnose(lines(name), UP).severity == "Normal"


@pytest.mark.parametrize("name", ["deleted cloud", "child_deleted cloud", "silent device"])
def test_what_is_usual_while_packets_go_through_is_no_cause(name):
    assert diagnose(lines(name), UP).code == "NoExceptionFound"


@pytest.mark.parametrize("name", ["pfs cloud", "pfs_off cloud"])
def test_a_renewal_that_failed_is_warned_of_while_the_tunnel_is_up(name):
    found = diagnose(lines(name), UP)
    assert (found.code, found.severity) == ("PfsMismatch", "Warn")


@pytest.mark.parametrize(
    ("name", "expected", "local", "remote"),
    [
        ("ike_dh cloud", DOWN, "IKE:AES_CBC_128/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_1024",
         "IKE:AES_CBC_128/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_2048"),
        ("ts cloud", DOWN, "0.0.0.0/0", "10.1.0.0/24"),
        ("v1_ts cloud", DOWN, "0.0.0.0/0", "10.1.0.0/24"),
        ("id_local cloud", DOWN, "10.99.0.2", "other"),
        ("id_remote cloud", DOWN, "10.99.0.1", "other"),
        ("v1_id cloud", DOWN, "10.99.0.2", "10.99.0.7"),
        ("v1_rid device", DEVICE, "10.99.0.7", "10.99.0.1"),
        ("peer cloud", NOBODY, "10.99.0.9", "10.99.0.2"),
    ],
)  # fmt: skip
def test_both_sides_of_a_mismatch_are_told(name, expected, local, remote):
    found = diagnose(lines(name), expected)
    assert (found.local, found.remote) == (local, remote)


def test_a_group_that_the_peer_insists_on_is_told_with_both_sides():
    begun = [one for one in lines("invalid_ke cloud") if "DH group" in one.text]
    found = diagnose(begun, DOWN)
    assert (found.code, found.local, found.remote) == ("DhGroupMismatch", "MODP_1024", "MODP_2048")
    begun = [one for one in lines("invalid_ke device") if "DH group" in one.text]
    found = diagnose(begun, DOWN)
    assert (found.code, found.local, found.remote) == ("DhGroupMismatch", "MODP_2048", "MODP_1024")


def test_the_last_attempt_decides_and_a_repeated_packet_hides_nothing():
    assert diagnose([*lines("psk cloud"), *lines("ike_dh cloud")], DOWN).code == "DhGroupMismatch"
    assert diagnose([*lines("ike_dh cloud"), *lines("psk cloud")], DOWN).code == "PskMismatch"
    assert diagnose([*lines("psk device"), *lines("silent device")], DOWN).code == "NoResponse"
    repeated = [one for one in lines("silent device") if "giving up" not in one.text and "failed" not in one.text]
    assert diagnose([*lines("psk device"), *repeated], DOWN).code == "PskMismatch"
    assert diagnose(repeated, DOWN).code == "NoResponse"


def test_without_a_telling_line_the_state_decides():
    assert diagnose([], DOWN).code == "NoResponse"
    assert diagnose([], UP).code == "NoExceptionFound"
    heard = lines("psk cloud")[:1]
    assert "received packet" in heard[0].text
    assert diagnose(heard, DOWN).code == "Phase1NegotiationTimeout"
    assert diagnose(heard, PHASE_1).code == "Phase2NegotiationTimeout"


@pytest.mark.parametrize(
    ("ours", "theirs", "code"),
    [
        ("IKE:AES_CBC_128/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_1024", ("IKE:AES_CBC_256/HMAC_SHA2_256_128/"
         "PRF_HMAC_SHA2_256/MODP_2048"), "AlgorithmMismatch"),
        ("ESP:AES_CBC_128/HMAC_SHA1_96/NO_EXT_SEQ", "AH:HMAC_SHA1_96/NO_EXT_SEQ", "SecurityProtocolMismatch"),
        ("IKE:AES_CBC_128/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_1024", ("IKE:AES_CBC_128/HMAC_SHA1_96/PRF_HMAC_SHA1/"
         "MODP_2048, IKE:AES_CBC_256/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_1024"), "ProposalMismatch"),
        ("IKE:AES_CBC_128/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_1024", ("IKE:AES_CBC_128/HMAC_SHA1_96/PRF_HMAC_MD5/"
         "MODP_1024"), "AuthenticationAlgorithmMismatch"),
    ],
)  # fmt: skip
def test_proposals_are_compared_algorithm_by_algorithm(ours, theirs, code):
    told = [f"08[CFG] received proposals: {theirs}", f"08[CFG] configured proposals: {ours}",
            "08[IKE] received proposals unacceptable"]  # fmt: skip
    assert diagnose([LogLine(1, "INFO", one) for one in told], DOWN).code == code
