using System.Text.Json;

namespace ArtifactSync.Transcripts;

/// <summary>What kind of transcript a file is, told by its lines and never by its name.</summary>
internal static class TranscriptFormat
{
    public const string Claude = "claude";
    public const string Codex = "codex";

    /// <summary>Lines and bytes that are looked at before a file counts as unrecognized.</summary>
    public const int LinesLooked = 200;
    public const long BytesLooked = 4 << 20;

    /// <summary>The format that this line belongs to; null when it tells nothing.</summary>
    public static string? Of(ReadOnlySpan<byte> line)
    {
        try
        {
            ClaudeEntry entry = ClaudeEntry.Read(line);
            return IsCodex(entry.Type) && JsonValue.ParseOrNone(line)["payload"u8].IsObject ? Codex : IsClaude(ref entry) ? Claude : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static bool IsCodex(JsonValue type) =>
        type.Is("session_meta"u8) || type.Is("turn_context"u8) || type.Is("response_item"u8) || type.Is("event_msg"u8)
        || type.Is("compacted"u8);

    private static bool IsClaude(ref ClaudeEntry entry)
    {
        JsonValue type = entry.Type;
        if (type.Is("user"u8) || type.Is("assistant"u8))
        {
            JsonValue content = entry.Message["content"u8];
            return content.IsString || content.IsArray;
        }

        if (type.Is("summary"u8))
        {
            return entry.Summary.IsString;
        }

        bool isKnown = type.Is("system"u8) || type.Is("attachment"u8) || type.Is("progress"u8) || type.Is("queue-operation"u8)
            || type.Is("file-history-snapshot"u8) || type.Is("custom-title"u8) || type.Is("ai-title"u8);
        return isKnown && (entry.SessionId.IsString || entry.Uuid.IsString || entry.Timestamp.IsString || entry.Snapshot.IsObject);
    }

    public static TranscriptReader Reader(string format, ReaderState state, SessionBuilder builder, TranscriptSource source) =>
        format == Codex ? new CodexReader(state, builder, source) : new ClaudeReader(state, builder, source);
}
