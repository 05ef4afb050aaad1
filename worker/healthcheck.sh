#!/bin/sh
# Healthy while the worker's event loop turns: it touches the file every 5 seconds.
# 30 seconds are more than a machine busy with encoding ever takes for it.
test -n "$(find "${HEARTBEAT_FILE:?names no file}" -mmin -0.5)"
