"""The api as deployed, except that it also fetches pictures from a port of this machine."""

import os
from dataclasses import replace
from ipaddress import ip_network

from services.api.app import build, create_app
from services.api.decoder.pool import Decoder
from services.api.middleware.url_fetcher import UrlFetcher
from services.api.settings import Settings

decoder = Decoder()
decoder.start()
fetcher = UrlFetcher(allowed=[ip_network("127.0.0.1/32")], ports=[int(os.environ["PICTURE_PORT"])])
app = create_app(replace(build(Settings.read(), decoder), fetcher=fetcher))
