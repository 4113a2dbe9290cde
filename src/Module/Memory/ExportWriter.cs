using System.Text;
using ArtifactSync.Archive;
using ArtifactSync.Wire;

namespace ArtifactSync.Memory;

/// <summary>Writes JSON exports (memory spec 2): two-space indentation, keys in the order of the spec, empty lists as <c>[]</c>.</summary>
internal sealed class ExportWriter(Stream stream) : IDisposable
{
    public const string Version = "0.1.0";
    private readonly CanonicalWriter _json = new();
    private readonly MemoryStream _indented = new();

    public long Sessions { get; private set; }

    public long Observations { get; private set; }

    public long Prompts { get; private set; }

    /// <param name="project">Normalised; null = everything.</param>
    /// <param name="now">Stored text.</param>
    public void Write(Database db, string? project, string now, CancellationToken cancellationToken)
    {
        Raw($"{{\n  \"version\": \"{Version}\",\n  \"exported_at\": \"{now}\",\n  \"sessions\": ");
        Sessions = List(project is null ? MemorySessionTable.All(db) : MemorySessionTable.OfProject(db, project), RowJson.Write,
            cancellationToken);
        Raw(",\n  \"observations\": ");
        Observations = List(project is null ? ObservationTable.All(db) : ObservationTable.OfProject(db, project), RowJson.Write,
            cancellationToken);
        Raw(",\n  \"prompts\": ");
        Prompts = List(project is null ? PromptTable.All(db) : PromptTable.OfProject(db, project), RowJson.Write, cancellationToken);
        Raw("\n}");
        stream.Flush();
    }

    public void Dispose()
    {
        _json.Dispose();
        _indented.Dispose();
    }

    private long List<T>(IEnumerable<T> rows, Action<CanonicalWriter, T> write, CancellationToken cancellationToken)
    {
        var count = 0L;
        foreach (var row in rows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            _json.Reset();
            write(_json, row);
            Raw(count++ == 0 ? "[\n    " : ",\n    ");
            Indent(_json.WrittenSpan);
        }

        Raw(count == 0 ? "[]" : "\n  ]");
        return count;
    }

    // A row is a flat object: every comma and colon outside of a string is one between members.
    private void Indent(ReadOnlySpan<byte> compact)
    {
        _indented.SetLength(0);
        var inText = false;
        for (var i = 0; i < compact.Length; i++)
        {
            var c = compact[i];
            if (inText)
            {
                _indented.WriteByte(c);
                if (c == '\\')
                {
                    _indented.WriteByte(compact[++i]);
                }

                inText = c != '"';
                continue;
            }

            inText = c == '"';
            _indented.Write(c switch
            {
                (byte)'{' => "{\n      "u8,
                (byte)'}' => "\n    }"u8,
                (byte)',' => ",\n      "u8,
                (byte)':' => ": "u8,
                _ => compact.Slice(i, 1),
            });
        }

        _indented.Position = 0;
        _indented.CopyTo(stream);
    }

    private void Raw(string text) => stream.Write(Encoding.UTF8.GetBytes(text));
}

/// <summary>Rows as they stand in exports and chunks (2): keys marked "omit" are left out when the column is NULL.</summary>
internal static class RowJson
{
    public static void Write(CanonicalWriter json, MemorySession row)
    {
        json.BeginObject();
        Text(json, "id"u8, row.Id);
        Text(json, "project"u8, row.Project);
        Text(json, "directory"u8, row.Directory);
        Text(json, "started_at"u8, row.StartedAt);
        Optional(json, "ended_at"u8, row.EndedAt);
        Optional(json, "summary"u8, row.Summary);
        json.EndObject();
    }

    public static void Write(CanonicalWriter json, Observation row)
    {
        json.BeginObject();
        MutationPayload.Number(json, "id"u8, row.Id);
        Text(json, "sync_id"u8, row.SyncId);
        Text(json, "session_id"u8, row.SessionId);
        Text(json, "type"u8, row.Type);
        Text(json, "title"u8, row.Title);
        Text(json, "content"u8, row.Content);
        Optional(json, "tool_name"u8, row.ToolName);
        Optional(json, "project"u8, row.Project);
        Text(json, "scope"u8, row.Scope);
        Optional(json, "topic_key"u8, row.TopicKey);
        MutationPayload.Number(json, "revision_count"u8, row.RevisionCount);
        MutationPayload.Number(json, "duplicate_count"u8, row.DuplicateCount);
        Optional(json, "last_seen_at"u8, row.LastSeenAt);
        Text(json, "created_at"u8, row.CreatedAt);
        Text(json, "updated_at"u8, row.UpdatedAt);
        Optional(json, "deleted_at"u8, row.DeletedAt);
        json.EndObject();
    }

    public static void Write(CanonicalWriter json, Prompt row)
    {
        json.BeginObject();
        MutationPayload.Number(json, "id"u8, row.Id);
        Text(json, "sync_id"u8, row.SyncId);
        Text(json, "session_id"u8, row.SessionId);
        Text(json, "content"u8, row.Content);
        Optional(json, "project"u8, row.Project.Length > 0 ? row.Project : null);
        Text(json, "created_at"u8, row.CreatedAt);
        json.EndObject();
    }

    /// <summary>An entry of the <c>mutations</c> of a chunk (4.2): its payload is a text.</summary>
    /// <param name="targetKey">Whose journal it comes from.</param>
    public static void Write(CanonicalWriter json, Mutation mutation, string targetKey)
    {
        json.BeginObject();
        MutationPayload.Number(json, "seq"u8, mutation.Seq);
        MutationPayload.Text(json, "target_key"u8, targetKey);
        MutationPayload.Text(json, "entity"u8, mutation.Entity);
        MutationPayload.Text(json, "entity_key"u8, mutation.EntityKey);
        MutationPayload.Text(json, "op"u8, mutation.Op);
        MutationPayload.Text(json, "payload"u8, mutation.Payload);
        MutationPayload.Text(json, "source"u8, "local");
        MutationPayload.Text(json, "project"u8, mutation.Project);
        MutationPayload.Text(json, "occurred_at"u8, mutation.OccurredAt ?? "");
        json.EndObject();
    }

    // Unlike payloads, rows keep U+0000: every JSON reader takes its escape.
    private static void Text(CanonicalWriter json, ReadOnlySpan<byte> name, string text)
    {
        json.Name(name);
        json.Value(text);
    }

    private static void Optional(CanonicalWriter json, ReadOnlySpan<byte> name, string? text)
    {
        if (text is not null)
        {
            Text(json, name, text);
        }
    }
}
