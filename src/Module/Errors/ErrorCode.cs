namespace ArtifactSync.Errors;

/// <summary>
/// Every failure that users can meet, one name each: the same in the ledger, in exceptions, in error records and in the
/// docs. Names are never changed or reused; <see cref="ErrorCatalog"/> has advice and category.
/// </summary>
public enum ErrorCode
{
    /// <summary>Something failed that no rule foresees; the inner error tells what.</summary>
    UnexpectedError,

    // Arguments and paths
    InvalidArgument,
    InvalidDuration,
    InvalidOriginId,
    InvalidArtifactName,
    InvalidTarget,
    PathNotFound,
    PathNotFileSystem,
    AmbiguousCredential,

    // Archive
    ArchiveNotFound,
    ArchiveBusy,
    ArchiveCorrupt,
    ArchiveVersionUnsupported,
    ArchiveReadOnly,
    DiskFull,
    NativeLibraryMissing,
    LeaseHeld,
    LeaseLost,

    // Origin
    OriginMissing,
    OriginMismatch,
    OriginCloned,
    OriginPair,

    // Runs
    RunNotFound,
    RunCrashed,
    Cancelled,

    // Target
    TargetNotFound,
    TargetNotDirectory,
    TargetOverlap,
    TargetIsSelf,
    TargetReadOnly,
    TargetUnreachable,
    TargetListingInvalid,
    TargetEntryInvalid,
    AccessDenied,
    TransferIncomplete,

    // Artifacts
    ArtifactNotFound,
    ArtifactTooLarge,
    ArtifactCorrupt,
    HashMismatch,
    DocumentInvalid,
    DocumentNotCanonical,
    DocumentLimitExceeded,
    FutureVersion,
    CheckpointConflict,
    CheckpointIncomplete,
    SequenceExhausted,
    SessionExcluded,
    SessionTrashed,
    SessionNotFound,

    // Clock and metadata
    ClockDrift,
    ClockInvalid,
    ClockOverflow,
    EventTargetMissing,
    EventUnknownOp,
    EventInvalid,
    PublicationIncomplete,
    ConflictNotFound,
    ConflictSettled,

    // Transcripts
    TranscriptUnrecognized,
    TranscriptUnreadable,
    TranscriptLineMalformed,
    TranscriptSessionTaken,

    // Network targets
    CredentialMissing,
    TargetUnauthorized,
    TargetForbidden,
    TargetInsecure,
    TargetUnavailable,
    TargetTimeout,
    TargetProtocolError,
    ConditionalCreateUnsupported,
}
