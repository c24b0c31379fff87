#!/usr/bin/env bash
# Runs once, when the database volume is new: one database and one owner for Scintiloop, one of each for Label Studio.
# psql reads the passwords from their files itself, so that they are on no command line.
set -euo pipefail
secrets=${SECRETS:-/run/secrets}

psql -v ON_ERROR_STOP=1 --no-password --username "$POSTGRES_USER" --dbname postgres <<SQL
\set scintiloop \`cat $secrets/database_password\`
\set label_studio \`cat $secrets/label_studio_database_password\`
CREATE ROLE scintiloop LOGIN PASSWORD :'scintiloop';
CREATE ROLE label_studio LOGIN PASSWORD :'label_studio';
CREATE DATABASE scintiloop OWNER scintiloop;
CREATE DATABASE label_studio OWNER label_studio;
REVOKE CONNECT ON DATABASE scintiloop, label_studio FROM PUBLIC;
SQL
