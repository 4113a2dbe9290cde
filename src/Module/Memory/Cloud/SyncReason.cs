using ArtifactSync.Errors;

namespace ArtifactSync.Memory.Cloud;

/// <summary>Why a target is degraded, as <c>memory_targets</c> spells it (memory spec 5.5, 6.1).</summary>
internal static class SyncReason
{
    public const string NotEnrolled = "non_enrolled_pending_mutations";

    /// <summary>A chunk was asked for of a project that is not enrolled (4.5).</summary>
    public const string BlockedUnenrolled = "blocked_unenrolled";

    public static string Of(ErrorCode code) => code switch
    {
        ErrorCode.TargetUnauthorized => "auth_required",
        ErrorCode.TargetForbidden => "policy_forbidden",
        ErrorCode.SyncPaused => "paused",
        ErrorCode.ServerUnsupported => "server_unsupported",
        ErrorCode.MemoryNotEnrolled => NotEnrolled,
        ErrorCode.TargetUnreachable or ErrorCode.TargetUnavailable or ErrorCode.TargetTimeout or ErrorCode.TargetProtocolError
            or ErrorCode.MutationRefused or ErrorCode.MemoryChunkInvalid or ErrorCode.MemoryChunkConflict => "transport_failed",
        _ => "internal_error",
    };

    /// <summary>Whether the fault is of one project only: the others, and the pull, go on (7.1 c).</summary>
    public static bool IsOfProject(ErrorCode code) =>
        code is ErrorCode.TargetForbidden or ErrorCode.SyncPaused or ErrorCode.MutationRefused;

    /// <summary>Whether any further push of this cycle would meet the same (7.2 step 5).</summary>
    public static bool EndsPush(ErrorCode code) => code is ErrorCode.TargetUnauthorized or ErrorCode.ServerUnsupported
        or ErrorCode.TargetUnreachable or ErrorCode.TargetTimeout;

    /// <summary>Whether the server, not this machine, is to blame, so that it is left alone for a while.</summary>
    public static bool IsOfServer(ErrorCode code) => Of(code) is not "internal_error";
}
