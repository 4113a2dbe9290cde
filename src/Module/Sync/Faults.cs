using ArtifactSync.Errors;

namespace ArtifactSync.Sync;

/// <summary>Which faults are confined to the item they happen in (decisions: a fault is confined).</summary>
internal static class Faults
{
    /// <summary>The bytes of an artifact are not what they should be; another copy may be good.</summary>
    public static bool IsDamage(ErrorCode code) => code is ErrorCode.HashMismatch or ErrorCode.ArtifactCorrupt;

    /// <summary>The content of an artifact breaks a rule; every copy of it does.</summary>
    public static bool IsInvalid(ErrorCode code) => code is ErrorCode.DocumentInvalid or ErrorCode.DocumentNotCanonical
        or ErrorCode.DocumentLimitExceeded or ErrorCode.ArtifactTooLarge;

    /// <summary>Faults of the target's root or of the archive: they end the run of that target.</summary>
    public static bool EndsRun(ErrorCode code) => code is ErrorCode.TargetUnreachable or ErrorCode.TargetNotFound
        or ErrorCode.TargetNotDirectory or ErrorCode.TargetReadOnly or ErrorCode.DiskFull or ErrorCode.ArchiveBusy
        or ErrorCode.ArchiveCorrupt or ErrorCode.ArchiveReadOnly or ErrorCode.LeaseHeld or ErrorCode.LeaseLost
        or ErrorCode.NativeLibraryMissing or ErrorCode.Cancelled
        or ErrorCode.CredentialMissing or ErrorCode.TargetUnauthorized or ErrorCode.TargetForbidden or ErrorCode.TargetInsecure
        or ErrorCode.TargetUnavailable or ErrorCode.TargetTimeout;
}
