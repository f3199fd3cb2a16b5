# redis-server of this machine, in the place of the image redis:7-alpine.
ARG BASE
FROM ${BASE}
COPY root/ /
WORKDIR /data
EXPOSE 6379
# Commands of docker-compose.yml name the program themselves, as they do with the public image.
CMD ["redis-server", "--appendonly", "yes", "--save", "", "--maxmemory-policy", "noeviction", "--protected-mode", "no"]
