using System.Security.Cryptography;
using System.Text;
using ArtifactSync.Wire;

namespace ArtifactSync.Memory;

/// <summary>
/// What a row says, as a hash (memory spec 4.3): SHA-256 of the stored row as compact JSON without the local number and blank values,
/// after the U+FFFD rule of payloads.
/// </summary>
internal static class RowHash
{
    public static string Of(MemorySession row) => Hash(json =>
    {
        MutationPayload.Filled(json, "id"u8, row.Id);
        Add(json, "project"u8, row.Project);
        Add(json, "directory"u8, row.Directory);
        Add(json, "started_at"u8, row.StartedAt);
        Add(json, "ended_at"u8, row.EndedAt);
        Add(json, "summary"u8, row.Summary);
    });

    public static string Of(Observation row) => Hash(json =>
    {
        Add(json, "sync_id"u8, row.SyncId);
        Add(json, "session_id"u8, row.SessionId);
        Add(json, "type"u8, row.Type);
        Add(json, "title"u8, row.Title);
        Add(json, "content"u8, row.Content);
        Add(json, "tool_name"u8, row.ToolName);
        Add(json, "project"u8, row.Project);
        Add(json, "scope"u8, row.Scope);
        Add(json, "topic_key"u8, row.TopicKey);
        MutationPayload.Number(json, "revision_count"u8, row.RevisionCount);
        MutationPayload.Number(json, "duplicate_count"u8, row.DuplicateCount);
        Add(json, "last_seen_at"u8, row.LastSeenAt);
        Add(json, "created_at"u8, row.CreatedAt);
        Add(json, "updated_at"u8, row.UpdatedAt);
        Add(json, "deleted_at"u8, row.DeletedAt);
    });

    public static string Of(Prompt row) => Hash(json =>
    {
        Add(json, "sync_id"u8, row.SyncId);
        Add(json, "session_id"u8, row.SessionId);
        Add(json, "content"u8, row.Content);
        Add(json, "project"u8, row.Project);
        Add(json, "created_at"u8, row.CreatedAt);
    });

    public static string Of(Relation row) => Hash(json =>
    {
        Add(json, "sync_id"u8, row.SyncId);
        Add(json, "source_id"u8, row.SourceId);
        Add(json, "target_id"u8, row.TargetId);
        Add(json, "relation"u8, row.Kind);
        Add(json, "reason"u8, row.Reason);
        Add(json, "evidence"u8, row.Evidence);
        Add(json, "judgment_status"u8, row.JudgmentStatus);
        Add(json, "marked_by_actor"u8, row.MarkedByActor);
        Add(json, "marked_by_kind"u8, row.MarkedByKind);
        Add(json, "updated_at"u8, row.UpdatedAt);
    });

    /// <param name="time">Version time; of a prompt its tombstone's, of a session its deletion time.</param>
    public static string OfDelete(string time) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"delete\u001F{time}")));

    private static void Add(CanonicalWriter json, ReadOnlySpan<byte> name, string? text) =>
        MutationPayload.Optional(json, name, MemoryText.IsBlank(text) ? null : text);

    private static string Hash(Action<CanonicalWriter> write)
    {
        using var json = new CanonicalWriter();
        json.BeginObject();
        write(json);
        json.EndObject();
        return Convert.ToHexStringLower(SHA256.HashData(json.WrittenSpan));
    }
}
