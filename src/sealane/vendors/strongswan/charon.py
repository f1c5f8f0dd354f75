"""strongswan.conf of one charon instance."""

from dataclasses import dataclass

_CRYPTO = "random nonce openssl aesni aes sha1 sha2 hmac kdf gcm"
_COMMON = "kernel-netlink socket-default vici updown"

_MIN_THREADS = 16
"""kernel-libipsec, receiver, netlink and sender each hold a worker for good; with 8, vici never answers."""


@dataclass(frozen=True, slots=True)
class CharonOptions:
    """What differs between instances.

    Args:
        directory: Private run directory of the instance.
        userspace_esp: True for ESP in charon itself (kernel-libipsec), False for kernel XFRM.
        give_up_s: Seconds after which an unanswered request counts as lost; also the time in which dead peer
            detection decides, since IKEv2 (RFC 7296, 2.4) probes with ordinary requests.
        threads: Worker threads; raised to the least that works.
    """

    directory: str
    userspace_esp: bool
    give_up_s: int
    threads: int = _MIN_THREADS


_TRIES = 3


def render_charon(options: CharonOptions) -> str:
    """The strongswan.conf text.

    Retransmission is flat, ``_TRIES`` repetitions within ``give_up_s``: the common backed-off default declares a peer
    dead after 165 s, which no operator of a circuit would accept.
    """
    plugins = f"{_CRYPTO} {'kernel-libipsec ' if options.userspace_esp else ''}{_COMMON}"
    timeout_s = options.give_up_s / (_TRIES + 1)
    libipsec = "\n    kernel-libipsec {\n      allow_peer_ts = yes\n    }" if options.userspace_esp else ""
    return f"""# written by sealane; changes are lost
charon-systemd {{
  load = {plugins}
  install_routes = no
  install_virtual_ip = no
  routing_table_prio = 33000
  threads = {max(options.threads, _MIN_THREADS)}
  make_before_break = yes
  retransmit_timeout = {timeout_s:g}
  retransmit_base = 1
  retransmit_tries = {_TRIES}
  plugins {{
    vici {{
      socket = unix://{options.directory}/charon.vici
    }}
    socket-default {{
      use_ipv6 = no
    }}{libipsec}
  }}
  filelog {{
    file {{
      path = {options.directory}/charon.log
      time_format = %Y-%m-%d %H:%M:%S
      time_add_ms = yes
      default = 1
      flush_line = yes
    }}
  }}
  journal {{
    default = -1
  }}
  syslog {{
    daemon {{
      default = -1
    }}
  }}
}}
"""
