using ArtifactSync.Errors;
using ArtifactSync.Model;

namespace ArtifactSync.Transcripts;

/// <summary>The objects that tell what became of files.</summary>
internal static class ImportResults
{
    private static ArchiveSessionImport With(this ArchiveSessionImport import, ErrorCode code, string message) =>
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

    public static ArchiveSessionImport WithoutSession(TranscriptParser parser, FileResult result) => result.Mode switch
    {
        ReadMode.Unchanged => Unchanged(parser),
        ReadMode.Unrecognized => Unrecognized(parser.Path),
        _ => Failed(parser.Path, ErrorCode.TranscriptUnreadable, $"'{parser.Path}' cannot be read: {result.Fault}"),
    };

    public static ArchiveSessionImport Of(ParseJob job, SessionFate fate, long messages, string id)
    {
        FileResult result = job.Result!;
        string path = job.Parser.Path;
        bool isLeftOut = fate is not (SessionFate.Added or SessionFate.Changed);
        ArchiveSessionImport import = new()
        {
            Path = path,
            Format = result.Remember!.Format,
            Status = isLeftOut ? "Skipped" : "Imported",
            Added = fate == SessionFate.Added ? 1 : 0,
            Changed = fate == SessionFate.Changed ? 1 : 0,
            Skipped = isLeftOut ? 1 : 0,
            Messages = isLeftOut ? 0 : messages,
            MalformedLines = result.MalformedLines,
            SessionId = [id],
        };
        return fate switch
        {
            SessionFate.Excluded => import.With(ErrorCode.SessionExcluded, $"Session '{id}' was removed for good and stays so."),
            SessionFate.Foreign => import.With(
                ErrorCode.TranscriptSessionTaken,
                $"'{path}' names its session '{id}', which is the name of another machine's session here."),
            SessionFate.Elsewhere => import.With(
                ErrorCode.TranscriptSessionTaken, $"Session '{id}' is read from a longer file; '{path}' tells less of it."),
            _ when result.MalformedAt is { } at => import.With(
                ErrorCode.TranscriptLineMalformed,
                $"'{path}' has {result.MalformedLines} lines that are no JSON; the first one now at byte {at}."),
            _ => import,
        };
    }
}
