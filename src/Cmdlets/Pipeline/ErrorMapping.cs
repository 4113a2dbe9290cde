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
        new ArtifactSyncException(Parse(run.ErrorCode), run.ErrorMessage ?? $"The run ended as {run.Status}.", Target(run));

    public static ArtifactSyncException ToException(ArchiveSessionImport file) =>
        new ArtifactSyncException(Parse(file.ErrorCode), file.ErrorMessage ?? "The file could not be imported.", file.Path);

    public static ArtifactSyncException ToException(StaleArtifact artifact) =>
        new ArtifactSyncException(Parse(artifact.ErrorCode), artifact.ErrorMessage ?? "The artifact could not be removed.", artifact.Name);

    public static ArtifactSyncException ToException(ArtifactFinding finding) =>
        new ArtifactSyncException(Parse(finding.ErrorCode), finding.ErrorMessage ?? "It could not be repaired.", finding.Name);

    public static ArtifactSyncException ToException(MemoryImportResult file) =>
        new ArtifactSyncException(Parse(file.ErrorCode), file.ErrorMessage ?? "The file could not be imported.", file.Path);

    public static ArtifactSyncException ToException(MemoryChunk chunk) =>
        new ArtifactSyncException(Parse(chunk.ErrorCode), chunk.ErrorMessage ?? "The chunk could not be written.", chunk.Path);

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

        ErrorCode.ServerUnsupported => ErrorCategory.NotImplemented,
        ErrorCode.SyncPaused or ErrorCode.SyncInProgress => ErrorCategory.ResourceBusy,
        ErrorCode.MutationRefused or ErrorCode.MutationUnusable or ErrorCode.MutationMissing => ErrorCategory.InvalidData,
        ErrorCode.MutationWaits => ErrorCategory.ObjectNotFound,
        ErrorCode.MemoryDocumentInvalid or ErrorCode.MemoryChunkInvalid or ErrorCode.MemoryChunkStalled => ErrorCategory.InvalidData,
        ErrorCode.MemorySessionMissing or ErrorCode.MemoryNotFound => ErrorCategory.ObjectNotFound,
        ErrorCode.MemoryVersionUnsupported or ErrorCode.MemoryNotEnrolled => ErrorCategory.InvalidOperation,
        ErrorCode.MemoryChunkConflict => ErrorCategory.ResourceExists,
        ErrorCode.MemoryFileUnreadable => ErrorCategory.ReadError,
        ErrorCode.AddressInUse => ErrorCategory.ResourceBusy,
        ErrorCode.PeerTokenRequired => ErrorCategory.SecurityError,
        ErrorCode.PeerRuntimeMissing => ErrorCategory.NotInstalled,
        ErrorCode.ListenerNotFound => ErrorCategory.ObjectNotFound,

        ErrorCode.OriginNotFound or ErrorCode.ArtifactMissing => ErrorCategory.ObjectNotFound,
        ErrorCode.ArtifactUncatalogued => ErrorCategory.InvalidData,
        ErrorCode.ArtifactPermissions => ErrorCategory.PermissionDenied,

        ErrorCode.SurgicalPreflightFailed or ErrorCode.IngestFailed or ErrorCode.DependentFailed or ErrorCode.DocsFailed
            or ErrorCode.EmbedFailed => ErrorCategory.InvalidResult,
        ErrorCode.AuthInvalid or ErrorCode.AuthExpired or ErrorCode.AuthRevoked => ErrorCategory.AuthenticationError,
        ErrorCode.InsufficientScope or ErrorCode.Forbidden => ErrorCategory.PermissionDenied,
        ErrorCode.ProjectNotFound or ErrorCode.ProjectMoved or ErrorCode.NotFound => ErrorCategory.ObjectNotFound,
        ErrorCode.RateLimited => ErrorCategory.LimitsExceeded,
        ErrorCode.ServerError or ErrorCode.EmbedUnavailable => ErrorCategory.ResourceUnavailable,
        ErrorCode.Timeout => ErrorCategory.OperationTimeout,
        ErrorCode.Network => ErrorCategory.ConnectionError,
        ErrorCode.TlsError or ErrorCode.EmbedInsecure => ErrorCategory.SecurityError,
        ErrorCode.InvalidResponse or ErrorCode.PayloadMismatch or ErrorCode.PaginationIncomplete => ErrorCategory.ProtocolError,
        _ => ErrorCategory.NotSpecified, // a test finds codes that forgot their line
    };

    /// <summary>What the user named; of a surgical run the failures of its items, as data.</summary>
    private static object? Target(SyncRun run) => run.Project is null ? run.Target : SurgicalFailureReport.Of(run);

    private static ErrorCode Parse(string? code) => Enum.TryParse<ErrorCode>(code, out var known) ? known : ErrorCode.UnexpectedError;

    private static ErrorRecord Record(Exception exception, ErrorCode code, object? target) =>
        new(exception, code.ToString(), Category(code), target)
        {
            ErrorDetails = new ErrorDetails(exception.Message) { RecommendedAction = ErrorCatalog.Action(code) },
        };
}
