using ArtifactSync.Archive;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Transcripts;

namespace ArtifactSync.Tests.Transcripts;

/// <summary>An archive and a folder of transcripts.</summary>
internal sealed class ImportWorld : IDisposable
{
    private readonly TempFolder _folder = new();
    private int _runs;

    public ImportWorld(EngineOptions? options = null)
    {
        Options = (options ?? new EngineOptions { ArchivePath = "" }) with { ArchivePath = Path.Combine(_folder.Path, "archive") };
        Archive = ArchiveDatabase.Open(Options, ArchiveMode.Create);
    }

    public EngineOptions Options { get; }

    public ArchiveDatabase Archive { get; }

    public Database Db => Archive.Reader;

    public string Transcripts => Path.Combine(_folder.Path, "transcripts");

    public string Write(string relative, string text) => _folder.Write("transcripts/" + relative, text);

    public string Write(string relative, byte[] bytes) => _folder.Write("transcripts/" + relative, bytes);

    public List<ArchiveSessionImport> Import(bool full = false, bool whatIf = false, params string[] paths)
    {
        var request = new ImportRequest { Paths = paths.Length > 0 ? paths : [Transcripts], Full = full, WhatIf = whatIf };
        if (whatIf)
        {
            return [.. TranscriptImporter.Import(Archive, null, request, NullObserver.Instance, CancellationToken.None)];
        }

        using Lease lease = Archive.AcquireLease($"run-{++_runs}", TimeSpan.FromSeconds(5), CancellationToken.None);
        return [.. TranscriptImporter.Import(Archive, lease, request, NullObserver.Instance, CancellationToken.None)];
    }

    public ArchiveSessionImport ImportOne() => Assert.Single(Import());

    /// <summary>All content rows of the archive as text, without row ids and bookkeeping of files and time.</summary>
    public string Dump()
    {
        string[] queries =
        [
            "SELECT id, own, project, agent, first_message, session_name, started_at, ended_at, message_count, user_message_count, parent_session_id, "
            + "relationship_type, total_output_tokens, peak_context_tokens, has_tool_calls, has_context_data, cwd, git_branch, source_session_id, "
            + "source_version, parser_malformed_lines, is_truncated, termination_status FROM sessions ORDER BY id",
            "SELECT s.id, m.ordinal, role, content, thinking_text, timestamp, model, has_thinking, has_tool_use, is_system, is_sidechain, "
            + "is_compact_boundary, content_length, context_tokens, output_tokens, token_usage, claude_message_id, source_type, source_subtype, "
            + "source_uuid FROM messages m JOIN sessions s USING(sid) ORDER BY s.id, m.ordinal",
            "SELECT s.id, m.ordinal, call_index, tool_name, category, tool_use_id, c.subagent_session_id, input_json, c.file_path, "
            + "result_content_length, result_content FROM tool_calls c JOIN messages m USING(mid) JOIN sessions s USING(sid) ORDER BY s.id, m.ordinal, call_index",
            "SELECT s.id, m.ordinal, event_index, e.source, e.status, e.content, e.agent_id, e.timestamp FROM tool_result_events e JOIN tool_calls c USING(cid) "
            + "JOIN messages m USING(mid) JOIN sessions s USING(sid) ORDER BY s.id, m.ordinal, call_index, event_index",
            "SELECT count(*), sum(length(content)) FROM message_text",
        ];
        return string.Join('\n', queries.SelectMany(q => Rows(q)));
    }

    private List<string> Rows(string query)
    {
        int columns = query[..query.IndexOf(" FROM", StringComparison.Ordinal)].Split(',').Length;
        return [.. Db.Query(query, row => string.Join('|', Enumerable.Range(0, columns).Select(c => row.TextOrNull(c) ?? "∅")))];
    }

    public long Count(string table) => Db.Scalar<long>($"SELECT count(*) FROM {table}");

    public void Dispose()
    {
        Archive.Dispose();
        _folder.Dispose();
    }
}
