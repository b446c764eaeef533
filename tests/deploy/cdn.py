"""A CDN for tests: nginx as a shared cache before the front, obeying what responses say of caching."""

from pathlib import Path

from deploy.local import ports
from tests.deploy.front import Nginx

_CONFIGURATION = """
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    proxy_cache_path {folder}/cache keys_zone=cdn:1m;
    server {{
        listen {local}:{port};
        location / {{
            proxy_pass {origin};
            proxy_cache cdn;
            add_header X-Cache $upstream_cache_status always;
        }}
    }}
}}
"""


class Cdn(Nginx):
    """Serves on `port` what `origin` answers; X-Cache says whether from its cache (HIT)."""

    def __init__(self, folder: Path, port: int, origin: str) -> None:
        folder.mkdir(mode=0o711, parents=True)
        super().__init__(
            "cdn", folder, port, _CONFIGURATION.format(folder=folder, local=ports.LOCAL, port=port, origin=origin)
        )
