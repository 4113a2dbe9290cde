using System.Management.Automation;
using ArtifactSync.Errors;
using ArtifactSync.Model;

namespace ArtifactSync.Cmdlets.Pipeline;

/// <summary>The one place where errors of the engine become error records: id = name of the code, target = what the user named.</summary>
internal static class ErrorMapping
{
    public static ErrorRecord ToRecord(Exception exception) => exception is ArtifactSyncException known
        ? Record(known, known.Code, known.Target)
        : Record(exception, ErrorCode.UnexpectedError, target: null);

    /// <summary>A run that failed or is incomplete, as an error beside its object.</summary>
    public static ArtifactSyncException ToException(SyncRun run) =>
        new ArtifactSyncException(Parse(run.ErrorCode), run.ErrorMessage ?? $"The run ended as {run.Status}.", run.Target);

    public static ArtifactSyncException ToException(ArchiveSessionImport file) =>
        new ArtifactSyncException(Parse(file.ErrorCode), file.ErrorMessage ?? "The file could not be imported.", file.Path);

    /// <summary>Category of a code; every code has its own line, so that a new one is given thought.</summary>
    public static ErrorCategory Category(ErrorCode code) => code switch
    {
        ErrorCode.UnexpectedError => ErrorCategory.NotSpecified,

        ErrorCode.InvalidArgument or ErrorCode.InvalidDuration or ErrorCode.InvalidOriginId or ErrorCode.InvalidArtifactName
            or ErrorCode.InvalidTarget or ErrorCode.PathNotFileSystem or ErrorCode.TargetOverlap or ErrorCode.TargetIsSelf
            or ErrorCode.TargetNotDirectory or ErrorCode.AmbiguousCredential => ErrorCategory.InvalidArgument,

        ErrorCode.PathNotFound or ErrorCode.ArchiveNotFound or ErrorCode.TargetNotFound or ErrorCode.ArtifactNotFound
            or ErrorCode.RunNotFound or ErrorCode.SessionNotFound or ErrorCode.EventTargetMissing
            or ErrorCode.ConflictNotFound => ErrorCategory.ObjectNotFound,

        ErrorCode.ArchiveCorrupt or ErrorCode.ArtifactCorrupt or ErrorCode.HashMismatch or ErrorCode.DocumentInvalid
            or ErrorCode.DocumentNotCanonical or ErrorCode.EventInvalid or ErrorCode.EventUnknownOp or ErrorCode.ClockInvalid
            or ErrorCode.CheckpointConflict or ErrorCode.CheckpointIncomplete or ErrorCode.PublicationIncomplete
            or ErrorCode.TargetListingInvalid or ErrorCode.TargetEntryInvalid or ErrorCode.TranscriptUnrecognized
            or ErrorCode.TranscriptLineMalformed => ErrorCategory.InvalidData,

        ErrorCode.ArchiveVersionUnsupported or ErrorCode.FutureVersion or ErrorCode.OriginMissing or ErrorCode.OriginMismatch
            or ErrorCode.OriginCloned or ErrorCode.OriginPair or ErrorCode.RunCrashed or ErrorCode.SessionExcluded or ErrorCode.SessionTrashed
            or ErrorCode.ClockDrift or ErrorCode.ConflictSettled => ErrorCategory.InvalidOperation,

        ErrorCode.ArchiveBusy or ErrorCode.LeaseHeld or ErrorCode.LeaseLost => ErrorCategory.ResourceBusy,
        ErrorCode.ArchiveReadOnly or ErrorCode.TargetReadOnly or ErrorCode.AccessDenied => ErrorCategory.PermissionDenied,
        ErrorCode.DiskFull or ErrorCode.ArtifactTooLarge or ErrorCode.DocumentLimitExceeded or ErrorCode.SequenceExhausted
            or ErrorCode.ClockOverflow => ErrorCategory.LimitsExceeded,
        ErrorCode.NativeLibraryMissing => ErrorCategory.NotInstalled,
        ErrorCode.Cancelled => ErrorCategory.OperationStopped,
        ErrorCode.TargetUnreachable => ErrorCategory.ConnectionError,
        ErrorCode.TransferIncomplete => ErrorCategory.WriteError,
        ErrorCode.TranscriptUnreadable => ErrorCategory.ReadError,
        ErrorCode.TranscriptSessionTaken => ErrorCategory.ResourceExists,

        ErrorCode.CredentialMissing or ErrorCode.TargetUnauthorized => ErrorCategory.AuthenticationError,
        ErrorCode.TargetForbidden => ErrorCategory.PermissionDenied,
        ErrorCode.TargetInsecure => ErrorCategory.SecurityError,
        ErrorCode.TargetUnavailable => ErrorCategory.ResourceUnavailable,
        ErrorCode.TargetTimeout => ErrorCategory.OperationTimeout,
        ErrorCode.TargetProtocolError => ErrorCategory.ProtocolError,
        ErrorCode.ConditionalCreateUnsupported => ErrorCategory.NotImplemented,
        _ => ErrorCategory.NotSpecified, // a test finds codes that forgot their line
    };

    private static ErrorCode Parse(string? code) => Enum.TryParse<ErrorCode>(code, out var known) ? known : ErrorCode.UnexpectedError;

    private static ErrorRecord Record(Exception exception, ErrorCode code, object? target) =>
        new(exception, code.ToString(), Category(code), target)
        {
            ErrorDetails = new ErrorDetails(exception.Message) { RecommendedAction = ErrorCatalog.Action(code) },
        };
}
