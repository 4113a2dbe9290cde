using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Text.Json;
using ArtifactSync.Errors;

namespace ArtifactSync.Cmdlets.Parameters;

/// <summary>
/// Objects of the pipeline as one export of a memory store: whole documents as ConvertFrom-Json gives them, or single memories.
/// </summary>
internal sealed class MemoryDocument
{
    private static readonly string[] s_lists = ["sessions", "observations", "prompts"];
    private readonly Dictionary<string, List<object>> _lists = s_lists.ToDictionary(static l => l, static _ => new List<object>());
    private string? _version;

    public bool IsEmpty => _lists.Values.All(static l => l.Count == 0);

    /// <exception cref="ArtifactSyncException">InvalidArgument: neither a document nor a memory.</exception>
    public void Add(PSObject item)
    {
        if (item.Properties["SyncId"]?.Value is string && item.Properties["Content"] is not null)
        {
            AddMemory(item);
            return;
        }

        if (!s_lists.Any(list => item.Properties[list] is not null))
        {
            throw new ArtifactSyncException(
                ErrorCode.InvalidArgument,
                $"An object of type {item.BaseObject.GetType().Name} is neither a path, nor a memory, nor an export of a memory store.",
                item.ToString());
        }

        _version = item.Properties["version"]?.Value as string ?? _version;
        foreach (var list in s_lists)
        {
            if (item.Properties[list]?.Value is { } rows)
                _lists[list].AddRange(LanguagePrimitives.GetEnumerable(rows)?.Cast<object>() ?? [rows]);
        }
    }

    public byte[] ToJson()
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (_version is not null)
                json.WriteString("version", _version);
            foreach (var (name, rows) in _lists)
            {
                json.WriteStartArray(name);
                foreach (var row in rows)
                    Write(json, row);
                json.WriteEndArray();
            }
            json.WriteEndObject();
        }
        return buffer.ToArray();
    }

    // The session comes along as far as a memory knows it; one that is in the archive stays as it is.
    private void AddMemory(PSObject item)
    {
        var session = new PSObject();
        session.Properties.Add(new PSNoteProperty("id", Value("SessionId")));
        session.Properties.Add(new PSNoteProperty("project", Value("Project") ?? ""));
        session.Properties.Add(new PSNoteProperty("started_at", Value("CreatedAt")));
        _lists["sessions"].Add(session);
        var row = new PSObject();
        foreach (var (name, property) in (ReadOnlySpan<(string, string)>)
        [
            ("sync_id", "SyncId"), ("session_id", "SessionId"), ("type", "Type"), ("title", "Title"), ("content", "Content"),
            ("tool_name", "ToolName"), ("project", "Project"), ("scope", "Scope"), ("topic_key", "TopicKey"),
            ("revision_count", "RevisionCount"), ("duplicate_count", "DuplicateCount"), ("last_seen_at", "LastSeenAt"),
            ("created_at", "CreatedAt"), ("updated_at", "UpdatedAt"), ("deleted_at", "DeletedAt"),
        ])
        {
            if (Value(property) is { } value)
                row.Properties.Add(new PSNoteProperty(name, value));
        }
        _lists["observations"].Add(row);

        object? Value(string name) => item.Properties[name]?.Value;
    }

    private static void Write(Utf8JsonWriter json, object? value)
    {
        switch (value is PSObject { BaseObject: not PSCustomObject } wrapped ? wrapped.BaseObject : value)
        {
            case null:
                json.WriteNullValue();
                break;
            case string text:
                json.WriteStringValue(text);
                break;
            case bool flag:
                json.WriteBooleanValue(flag);
                break;
            case DateTimeOffset time:
                json.WriteStringValue(Text(time));
                break;
            case DateTime time:
                json.WriteStringValue(Text(time.Kind == DateTimeKind.Unspecified ? new DateTimeOffset(time, TimeSpan.Zero)
                    : new DateTimeOffset(time)));
                break;
            case IConvertible number:
                json.WriteRawValue(Convert.ToString(number, CultureInfo.InvariantCulture)!);
                break;
            case IDictionary members:
                json.WriteStartObject();
                foreach (DictionaryEntry member in members)
                    Member(json, member.Key.ToString()!, member.Value);
                json.WriteEndObject();
                break;
            case IEnumerable items:
                json.WriteStartArray();
                foreach (var item in items)
                    Write(json, item);
                json.WriteEndArray();
                break;
            case var other:
                json.WriteStartObject();
                foreach (var property in PSObject.AsPSObject(other).Properties)
                    Member(json, property.Name, property.Value);
                json.WriteEndObject();
                break;
        }
    }

    private static void Member(Utf8JsonWriter json, string name, object? value)
    {
        json.WritePropertyName(name);
        Write(json, value);
    }

    /// <summary>The form of the store; a fraction is kept in the other form that it reads.</summary>
    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString(
        time.Ticks % TimeSpan.TicksPerSecond == 0 ? "yyyy-MM-dd HH:mm:ss" : "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'",
            CultureInfo.InvariantCulture);
}
