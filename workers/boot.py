"""The module that `dramatiq workers.boot` loads in each worker process: the broker, the ports and every actor."""

import dramatiq

from messages.process import telemetry
from messages.process.logs import configure_logging
from messages.process.publishing import AmqpPublisher
from messages.process.settings import Misconfigured, Settings
from workers.admission import Admission
from workers.broker import rabbitmq
from workers.observe import Observed
from workers.wiring import add_actors, make_ports

settings = Settings.load()
configure_logging(settings.log_format)
telemetry.configure("worker")
if settings.amqp_url is None:
    raise Misconfigured("CLERK_AMQP_URL: set it, e.g. to amqp://guest:guest@localhost:5672/")

admission = Admission()
broker = rabbitmq(settings.amqp_url.get_secret_value(), Observed(), admission=admission)
dramatiq.set_broker(broker)
add_actors(broker, make_ports(settings, AmqpPublisher(settings.amqp_url.get_secret_value()), [admission.listener]))
