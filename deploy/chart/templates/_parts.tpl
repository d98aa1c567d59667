{{/* The labels that select the pods of a part: (dict "root" $ "part" "worker"). */}}
{{- define "clerk.selector" -}}
app.kubernetes.io/name: clerk
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .part }}
{{- end }}

{{- define "clerk.labels" -}}
{{ include "clerk.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end }}

{{/* Secrets come from the Secret that secretName names, one variable a key; nothing else of it is given away. */}}
{{- define "clerk.environment" -}}
{{- $secret := required "secretName: name a Secret with Clerk's secrets (values.yaml lists its keys)" .Values.secretName }}
- name: CLERK_PUBLIC_URL
  value: {{ required "publicUrl: how Twilio and Slack reach Clerk, such as https://clerk.example.org" .Values.publicUrl | quote }}
- {name: CLERK_HOST, value: {{ .Values.host | quote }}}
- {name: CLERK_PORT, value: "8080"}
- {name: CLERK_METRICS_PORT, value: "9100"}
{{- range $name, $value := merge (dict) .Values.config (dict "CLERK_LOG_FORMAT" "json") }}
- {name: {{ $name }}, value: {{ $value | toString | quote }}}
{{- end }}
{{- range tuple "CLERK_AMQP_URL" "CLERK_MONGO_URL" "CLERK_TWILIO_ACCOUNT_SID" "CLERK_TWILIO_AUTH_TOKEN" "CLERK_SLACK_BOT_TOKEN" "CLERK_SLACK_SIGNING_SECRET" "CLERK_OPS_TOKEN" }}
- name: {{ . }}
  valueFrom: {secretKeyRef: {name: {{ $secret }}, key: {{ . }}}}
{{- end }}
{{- range tuple "CLERK_MANAGEMENT_URL" "OTEL_EXPORTER_OTLP_HEADERS" }}
- name: {{ . }}
  valueFrom: {secretKeyRef: {name: {{ $secret }}, key: {{ . }}, optional: true}}
{{- end }}
{{- end }}

{{/* What runs in the pods of a part. */}}
{{- define "clerk.arguments" -}}
{{- if eq .part "worker" -}}
[worker, --queues, {{ .root.Values.worker.queues | quote }}, --processes, "1", --threads, {{ .root.Values.worker.threads | quote }}]
{{- else if eq .part "interactive" -}}
[worker, --queues, interactive]
{{- else -}}
[{{ .part }}]
{{- end }}
{{- end }}
