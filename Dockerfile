FROM python:3.11-slim

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PATH=/app/.venv/bin:$PATH MALL_DATA=/data
WORKDIR /app

RUN useradd --create-home --uid 10001 mall && mkdir /data /witness && chown mall /data /witness
COPY requirements.lock ./
RUN python -m venv .venv \
 && .venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock

COPY manage.py ./
COPY marketplace marketplace
COPY suppliers suppliers
COPY procurement procurement
COPY templates templates
COPY static static
COPY locale locale

USER mall
VOLUME /data
EXPOSE 8000
CMD ["gunicorn", "marketplace.wsgi", "--bind=0.0.0.0:8000", "--workers=4", "--threads=4", "--no-control-socket"]
