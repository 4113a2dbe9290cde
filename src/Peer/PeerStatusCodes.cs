using ArtifactSync.Errors;
using Microsoft.AspNetCore.Http;

namespace ArtifactSync.Peer;

/// <summary>The status of each code (spec 10.6), with a text that tells peers no more than they need.</summary>
internal static class PeerStatusCodes
{
    public static (int Status, string Text) Of(ArtifactSyncException fault) => fault.Code switch
    {
        ErrorCode.InvalidOriginId or ErrorCode.InvalidArtifactName or ErrorCode.InvalidArgument or ErrorCode.OriginPair
            or ErrorCode.HashMismatch or ErrorCode.DocumentInvalid or ErrorCode.DocumentLimitExceeded or ErrorCode.ArtifactTooLarge
            => (StatusCodes.Status400BadRequest, $"invalid artifact: {fault.Message}"),
        ErrorCode.ArtifactNotFound => (StatusCodes.Status404NotFound, "artifact not found"),
        ErrorCode.CheckpointConflict => (StatusCodes.Status409Conflict, "artifact conflict"),
        ErrorCode.LeaseHeld or ErrorCode.LeaseLost or ErrorCode.ArchiveBusy
            => (StatusCodes.Status503ServiceUnavailable, "the archive is busy"),
        ErrorCode.DiskFull => (StatusCodes.Status507InsufficientStorage, "the disk is full"),
        _ => (StatusCodes.Status500InternalServerError, "internal error"),
    };
}
