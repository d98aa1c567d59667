#!/bin/sh
# Starts RabbitMQ with two users: `clerk`, who may use Clerk's queues and look at what RabbitMQ counts, and `admin`.
set -eu
umask 077
sed -e "s/@CLERK_PASSWORD@/$CLERK_RABBITMQ_PASSWORD/" -e "s/@ADMIN_PASSWORD@/$CLERK_RABBITMQ_ADMIN_PASSWORD/" \
    "${DEFINITIONS:-/etc/clerk/definitions.json}" > "${LOADED:-/etc/rabbitmq/clerk.json}"
chown rabbitmq "${LOADED:-/etc/rabbitmq/clerk.json}"
unset CLERK_RABBITMQ_PASSWORD CLERK_RABBITMQ_ADMIN_PASSWORD
exec docker-entrypoint.sh rabbitmq-server
