using ArtifactSync.Errors;
using ArtifactSync.Model;

namespace ArtifactSync.Transcripts;

/// <summary>The objects that tell what became of files.</summary>
internal static class ImportResults
{
    public static ArchiveSessionImport With(this ArchiveSessionImport import, ErrorCode code, string message) =>
        import with { ErrorCode = code.ToString(), ErrorMessage = message, RecommendedAction = ErrorCatalog.Action(code) };

    public static ArchiveSessionImport Unchanged(TranscriptParser parser) => new()
    {
        Path = parser.Path,
        Format = parser.Known!.Format,
        Status = "Unchanged",
        MalformedLines = parser.Known.MalformedLines,
        SessionId = parser.Known.SessionIds,
    };

    public static ArchiveSessionImport Unrecognized(string path) =>
        new ArchiveSessionImport { Path = path, Status = "Skipped" }.With(
            ErrorCode.TranscriptUnrecognized, $"'{path}' is no transcript of Claude Code or Codex.");

    public static ArchiveSessionImport Failed(string path, ErrorCode code, string message) =>
        new ArchiveSessionImport { Path = path, Status = "Failed" }.With(code, message);
}
