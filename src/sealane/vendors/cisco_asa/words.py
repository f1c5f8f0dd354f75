"""The platform's words for algorithms, protocols, ports and interface types."""

from collections.abc import Mapping

from sealane.model import Encryption, Integrity, InterfaceKind

IKE_ENCRYPTION: Mapping[str, Encryption] = {
    "aes": Encryption.AES128,
    "aes-192": Encryption.AES192,
    "aes-256": Encryption.AES256,
    "aes-gcm": Encryption.AES128_GCM,
    "aes-gcm-192": Encryption.AES192_GCM,
    "aes-gcm-256": Encryption.AES256_GCM,
    "des": Encryption.DES,
    "3des": Encryption.DES3,
    "null": Encryption.NULL,
}
ESP_ENCRYPTION = IKE_ENCRYPTION

IKE_INTEGRITY: Mapping[str, Integrity] = {
    "md5": Integrity.MD5,
    "sha": Integrity.SHA1,
    "sha256": Integrity.SHA256,
    "sha384": Integrity.SHA384,
    "sha512": Integrity.SHA512,
    "null": Integrity.NONE,
}
IKE_PRF: Mapping[str, Integrity] = {word: value for word, value in IKE_INTEGRITY.items() if word != "null"}
ESP_INTEGRITY: Mapping[str, Integrity] = {
    "md5": Integrity.MD5,
    "sha-1": Integrity.SHA1,
    "sha-256": Integrity.SHA256,
    "sha-384": Integrity.SHA384,
    "sha-512": Integrity.SHA512,
    "null": Integrity.NONE,
}
"""The ESP vocabulary has hyphens where the IKE one has none."""

DH_GROUPS = frozenset({14, 15, 16, 19, 20, 21, 31})
WITHDRAWN_GROUPS = frozenset({1, 2, 5, 24})
WITHDRAWN_ALGORITHMS = frozenset({"des", "3des", "md5"})
"""Taken out of the platform around release 9.15."""

PROTOCOLS: Mapping[str, int | None] = {
    "ip": None,
    "icmp": 1,
    "igmp": 2,
    "ipinip": 4,
    "tcp": 6,
    "udp": 17,
    "gre": 47,
    "esp": 50,
    "ah": 51,
    "ospf": 89,
    "pim": 103,
    "sctp": 132,
}
PORTS: Mapping[str, int] = {
    "bgp": 179,
    "bootpc": 68,
    "bootps": 67,
    "domain": 53,
    "ftp": 21,
    "https": 443,
    "http": 80,
    "imap4": 143,
    "isakmp": 500,
    "kerberos": 88,
    "ldap": 389,
    "ldaps": 636,
    "netbios-ns": 137,
    "ntp": 123,
    "pop3": 110,
    "radius": 1645,
    "sip": 5060,
    "smtp": 25,
    "snmp": 161,
    "snmptrap": 162,
    "ssh": 22,
    "syslog": 514,
    "tacacs": 49,
    "telnet": 23,
    "tftp": 69,
    "www": 80,
}
ICMP_TYPES: Mapping[str, int] = {
    "echo-reply": 0,
    "unreachable": 3,
    "source-quench": 4,
    "redirect": 5,
    "echo": 8,
    "router-advertisement": 9,
    "router-solicitation": 10,
    "time-exceeded": 11,
    "parameter-problem": 12,
    "timestamp-request": 13,
    "timestamp-reply": 14,
}

INTERFACE_KINDS: Mapping[str, InterfaceKind] = {
    "loopback": InterfaceKind.LOOPBACK,
    "tunnel": InterfaceKind.TUNNEL,
    "gigabitethernet": InterfaceKind.ETHERNET,
    "tengigabitethernet": InterfaceKind.ETHERNET,
    "ethernet": InterfaceKind.ETHERNET,
    "fastethernet": InterfaceKind.ETHERNET,
    "management": InterfaceKind.ETHERNET,
    "port-channel": InterfaceKind.ETHERNET,
    "redundant": InterfaceKind.ETHERNET,
    "vlan": InterfaceKind.ETHERNET,
    "bvi": InterfaceKind.ETHERNET,
}
INTERFACE_SPELLING: Mapping[str, str] = {
    "loopback": "Loopback",
    "tunnel": "Tunnel",
    "gigabitethernet": "GigabitEthernet",
    "tengigabitethernet": "TenGigabitEthernet",
    "ethernet": "Ethernet",
    "fastethernet": "FastEthernet",
    "management": "Management",
    "port-channel": "Port-channel",
    "redundant": "Redundant",
    "vlan": "Vlan",
    "bvi": "BVI",
}

NO_EFFECT_COMMANDS: tuple[str, ...] = (
    "aaa", "arp", "asdm", "asa", "auto-update", "boot", "call-home", "clear", "clock", "configure", "console", "copy",
    "cryptochecksum", "cts", "dns", "domain-name", "dynamic-access-policy-record", "enable", "end", "failover", "ftp",
    "hostname", "http", "icmp", "jumbo-frame", "license", "logging", "logout", "monitor-interface", "name", "names",
    "no", "ntp", "pager", "passwd", "ping", "privilege", "prompt", "quit", "service-policy", "show", "smart-tunnel",
    "snmp-server", "ssh", "ssl", "telnet", "terminal", "threat-detection", "timeout", "user-identity", "username",
    "write", "xlate",
)  # fmt: skip
"""First words of commands that change nothing that is modelled; `no` is here only for `no <one of these>`."""

QUIET_BLOCKS: tuple[str, ...] = (
    "aaa-server <rest:any>",
    "banner <rest:any>",
    "class-map <rest:any>",
    "crypto ca <rest:any>",
    "crypto ikev1 <rest:any>",
    "crypto key <rest:any>",
    "time-range <rest:any>",
    "webvpn",
)
"""Commands that may open a block of their own, none of which is modelled."""
