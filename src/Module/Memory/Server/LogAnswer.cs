using System.Globalization;
using System.Text;
using System.Text.Json;
using ArtifactSync.Memory.Cloud;

namespace ArtifactSync.Memory.Server;

/// <summary>Status and body of an answer (memory spec 6.1-6.3, 6.5).</summary>
internal sealed record LogAnswer(int Status, string ContentType, ReadOnlyMemory<byte> Body)
{
    private const string Json = "application/json";
    private static readonly JsonWriterOptions s_options = new()
    {
        SkipValidation = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static LogAnswer Health { get; } = new(200, Json, "{\"status\":\"ok\",\"service\":\"engram-cloud\"}"u8.ToArray());

    public static LogAnswer Unauthorised { get; } = Plain(401, "A valid token is needed: Authorization: Bearer <token>.");

    public static LogAnswer Plain(int status, string text) => new(status, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(text));

    public static LogAnswer TooLarge { get; } = Error(
        413, "repairable", "upgrade_repairable_payload_too_large", $"A request holds at most {PushBatch.MaxBody} bytes.");

    public static LogAnswer ProjectRequired { get; } = Error(400, "blocked", "upgrade_blocked_project_required", "Name the project.");

    public static LogAnswer Forbidden(string project) =>
        Error(403, "policy", "policy_forbidden", $"The token has no right to project '{project}'.");

    public static LogAnswer ChunkInvalid(string text) => Error(400, "repairable", "upgrade_repairable_payload_invalid", text);

    public static LogAnswer ChunkConflict(string id) => Error(
        409, "repairable", "upgrade_repairable_chunk_conflict", $"The chunk '{id}' is kept with other content.");

    public static LogAnswer ChunkKept(string id) => Write(200, json =>
    {
        json.WriteString("status"u8, "ok"u8);
        json.WriteString("chunk_id"u8, id);
    });

    public static LogAnswer Chunk(byte[] data) => new(200, Json, data);

    /// <summary>A manifest as in a chunk directory (4.1), in the order given.</summary>
    public static LogAnswer Manifest(IEnumerable<ChunkEntry> chunks) => Write(200, json =>
    {
        json.WriteNumber("version"u8, ChunkManifest.Version);
        json.WriteStartArray("chunks"u8);
        foreach (var chunk in chunks)
        {
            json.WriteStartObject();
            json.WriteString("id"u8, chunk.Id);
            json.WriteString("created_by"u8, chunk.CreatedBy);
            json.WriteString("created_at"u8, chunk.CreatedAt);
            json.WriteNumber("sessions"u8, chunk.Sessions);
            json.WriteNumber("memories"u8, chunk.Memories);
            json.WriteNumber("prompts"u8, chunk.Prompts);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });

    /// <summary>RFC 3339 in UTC, with a fraction when there is one.</summary>
    public static string Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)
        .ToString("yyyy-MM-dd'T'HH:mm:ss.FFF'Z'", CultureInfo.InvariantCulture);

    public static LogAnswer Error(int status, string kind, string code, string text) => Write(status, json =>
    {
        json.WriteString("error_class"u8, kind);
        json.WriteString("error_code"u8, code);
        json.WriteString("error"u8, text);
    });

    public static LogAnswer Paused(string project) => Write(409, json =>
    {
        json.WriteString("error_class"u8, "policy"u8);
        json.WriteString("error_code"u8, "sync-paused"u8);
        json.WriteString("error"u8, "An administrator paused the project.");
        WriteProject(json, project);
    });

    public static LogAnswer Invalid(IReadOnlyList<(int Index, string Field, string Entity)> entries) => Write(400, json =>
    {
        json.WriteString("error"u8, $"{entries.Count} entries are not valid; nothing was stored.");
        json.WriteString("reason_code"u8, "validation_error"u8);
        json.WriteStartArray("invalid"u8);
        foreach (var (index, field, entity) in entries)
        {
            json.WriteStartObject();
            json.WriteNumber("index"u8, index);
            json.WriteString("field"u8, field);
            json.WriteString("entity"u8, entity);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });

    public static LogAnswer Accepted(IReadOnlyList<long> seqs, string project) => Write(200, json =>
    {
        json.WriteStartArray("accepted_seqs"u8);
        foreach (var seq in seqs)
        {
            json.WriteNumberValue(seq);
        }

        json.WriteEndArray();
        WriteProject(json, project);
    });

    /// <summary>
    /// A page that ends before <paramref name="limit"/> rows or <see cref="PushBatch.MaxBody"/> bytes are passed, with one row at least.
    /// </summary>
    public static LogAnswer Page(IEnumerable<LoggedEntry> entries, int limit, string project) => Write(200, json =>
    {
        var (count, latest, more) = (0, 0L, false);
        json.WriteStartArray("mutations"u8);
        foreach (var entry in entries)
        {
            if (more = count == limit || (count > 0 && json.BytesCommitted + json.BytesPending + Size(entry) > PushBatch.MaxBody))
            {
                break;
            }

            WriteEntry(json, entry);
            (count, latest) = (count + 1, entry.Seq);
        }

        json.WriteEndArray();
        json.WriteBoolean("has_more"u8, more);
        json.WriteNumber("latest_seq"u8, latest);
        WriteProject(json, project);
    });

    private static long Size(in LoggedEntry entry) =>
        Encoding.UTF8.GetByteCount(entry.Payload) + (6L * (entry.EntityKey.Length + entry.Project.Length)) + 512;

    private static void WriteEntry(Utf8JsonWriter json, in LoggedEntry entry)
    {
        json.WriteStartObject();
        json.WriteNumber("seq"u8, entry.Seq);
        json.WriteString("project"u8, entry.Project);
        json.WriteString("entity"u8, entry.Entity);
        json.WriteString("entity_key"u8, entry.EntityKey);
        json.WriteString("op"u8, entry.Op);
        json.WritePropertyName("payload"u8);
        json.WriteRawValue(entry.Payload, skipInputValidation: true); // checked when it was stored
        json.WriteString("occurred_at"u8, Time(entry.OccurredAt));
        json.WriteEndObject();
    }

    private static void WriteProject(Utf8JsonWriter json, string project)
    {
        json.WriteString("project"u8, project);
        json.WriteString("project_source"u8, "request_body"u8);
        json.WriteString("project_path"u8, ""u8);
    }

    private static LogAnswer Write(int status, Action<Utf8JsonWriter> members)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, s_options))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }

        return new LogAnswer(status, Json, buffer.GetBuffer().AsMemory(0, (int)buffer.Length));
    }
}
