using static ArtifactSync.Errors.ErrorCode;

namespace ArtifactSync.Errors;

/// <summary>What to do about an error, and whether repeating the same thing can help without any other change.</summary>
public sealed record ErrorAdvice(string RecommendedAction, bool Retryable);

/// <summary>Advice for every <see cref="ErrorCode"/>: the same in ledger, error records and help.</summary>
public static class ErrorCatalog
{
    private const bool Retry = true;
    private const bool Final = false;

    private static readonly Dictionary<ErrorCode, ErrorAdvice> Rows = new()
    {
        [UnexpectedError] = new("Repeat the command. If it fails again, report the inner error that the record carries.", Retry),

        [InvalidArgument] = new("Correct the parameter that the message names.", Final),
        [InvalidDuration] = new("Write a duration such as 7d, 12h, 1.5h or 00:30:00; not negative, and not a bare number.", Final),
        [InvalidOriginId] = new("Use lower-case letters, digits and hyphens, e.g. laptop-1a2b3c; -Initialize without -OriginId makes one.", Final),
        [InvalidArtifactName] = new("Leave the file: it is none of ours. If a tool renamed it, give it back its name or remove it.", Final),
        [InvalidTarget] = new("Name a folder, or an address of a kind that this module knows.", Final),
        [PathNotFound] = new("Check the path. -LiteralPath takes names with brackets as they are.", Final),
        [PathNotFileSystem] = new("Name a file or folder; other PowerShell drives hold no transcripts or targets.", Final),
        [AmbiguousCredential] = new("Run one command for each target that needs a credential of its own.", Final),

        [ArchiveNotFound] = new("Check -ArchivePath and $env:ARTIFACTSYNC_ARCHIVE, or create the archive with Import-ArchiveSession.", Final),
        [ArchiveBusy] = new("Another program uses the database. Repeat the command when it is done.", Retry),
        [ArchiveCorrupt] = new("Restore the archive from a backup, or start a new one and fetch its sessions back from a target.", Final),
        [ArchiveVersionUnsupported] = new("Update the module when a newer one wrote the archive; bring an older archive up by any command that writes.", Final),
        [ArchiveReadOnly] = new("Give this account the right to write to the archive folder.", Retry),
        [DiskFull] = new("Free space on the disk that the message names, then repeat the command.", Retry),
        [NativeLibraryMissing] = new("Install the library that the message names (libzstd1 on Debian), or build the package with -p:ManagedZstd=true.", Final),
        [LeaseHeld] = new("Another command writes to the archive. Wait for it, or give -LockTimeout more time.", Retry),
        [LeaseLost] = new("Another command took the archive over because this one did not answer. Repeat the command.", Retry),

        [OriginMissing] = new("Run Invoke-ArtifactSync once with -Initialize.", Final),
        [OriginMismatch] = new("The archive keeps the origin that it has: leave -OriginId out, or name another archive.", Final),
        [OriginCloned] = new("This archive is a copy of another machine's. Either only one of them goes on, or this one takes a new origin.", Final),
        [OriginPair] = new("Adopt another origin: its id and that of a known one differ by an ending that exchanges cannot tell apart.", Final),

        [RunNotFound] = new("List the runs with Get-SyncRun, and check -ArchivePath.", Final),
        [RunCrashed] = new("The process ended before the run did. Nothing is lost: repeat it with -RetryFailed.", Retry),
        [Cancelled] = new("The run was stopped. Repeat it with -RetryFailed; it goes on where it ended.", Retry),

        [TargetNotFound] = new("Check the path, and that the share or disk is mounted.", Retry),
        [TargetNotDirectory] = new("A file is where a folder is expected. Name a folder.", Final),
        [TargetOverlap] = new("Name a target outside the archive, and an archive outside the target; links count.", Final),
        [TargetIsSelf] = new("This target is the archive itself. Name another one.", Final),
        [TargetReadOnly] = new("Give this account the right to write to the target.", Retry),
        [TargetUnreachable] = new("Check the network and the address, then repeat the run.", Retry),
        [TargetListingInvalid] = new("The target did not list its content completely. Repeat the run; nothing was taken for deleted.", Retry),
        [TargetEntryInvalid] = new("Something at the target has a name or kind that is not allowed there, such as a link. Remove it.", Retry),
        [AccessDenied] = new("Give this account the rights that the message names.", Retry),
        [TransferIncomplete] = new("Repeat the run; it sends what is missing.", Retry),

        [ArtifactNotFound] = new("Repeat the run when the machine that publishes it has exchanged again.", Retry),
        [ArtifactTooLarge] = new("It exceeds a limit of the format and is left out. Nothing else is affected.", Final),
        [ArtifactCorrupt] = new("It is left out. The machine that publishes it heals it with Invoke-ArtifactSync -Full on the same target.", Retry),
        [HashMismatch] = new("It is left out. The machine that publishes it heals it with Invoke-ArtifactSync -Full on the same target.", Retry),
        [DocumentInvalid] = new("It is left out. The machine that publishes it heals it with Invoke-ArtifactSync -Full on the same target.", Retry),
        [DocumentNotCanonical] = new("It is left out. The machine that publishes it heals it with Invoke-ArtifactSync -Full on the same target.", Retry),
        [DocumentLimitExceeded] = new("It exceeds a limit of the format and is left out. Nothing else is affected.", Final),
        [FutureVersion] = new("A newer version of this module published it. Update the module; it is kept until then.", Retry),
        [CheckpointConflict] = new("Two different files bear one number, which happens when a machine was cloned. Give one of them a new origin.", Final),
        [CheckpointIncomplete] = new("Part of what it names has not arrived yet. Repeat the run after the other machine has exchanged.", Retry),
        [SequenceExhausted] = new("This origin can publish no more. Take a new origin.", Final),
        [SessionExcluded] = new("The session was removed here for good and is not taken back.", Final),
        [SessionTrashed] = new("Restore it first: Set-ArchiveSession -Trashed $false.", Final),
        [SessionNotFound] = new("List the sessions with Get-ArchiveSession; -Trashed shows those in the trash.", Final),

        [ClockDrift] = new("Set the clock of the machine that the message names.", Retry),
        [ClockInvalid] = new("Set the clock of this machine to the right date, then retry.", Retry),
        [ClockOverflow] = new("Set the clock of this machine, then retry.", Retry),
        [EventTargetMissing] = new("The session it belongs to has not arrived yet. It is applied when it does.", Retry),
        [EventUnknownOp] = new("A newer version of this module wrote it. Update the module; it is kept until then.", Retry),
        [EventInvalid] = new("Report it to the owner of the origin; the edit is left out.", Final),
        [PublicationIncomplete] = new("Repeat the run; it finishes what an earlier one began.", Retry),
        [ConflictNotFound] = new("List the conflicts with Get-MetaConflict, and check -ArchivePath: conflicts are numbered in each archive.", Final),
        [ConflictSettled] = new("The loser's edit was made again. Settle the conflict that this one caused, or edit the session anew.", Final),

        [TranscriptUnrecognized] = new("Name transcripts of Claude Code or Codex (JSON lines).", Final),
        [TranscriptUnreadable] = new("Check that the file exists and that this account may read it.", Retry),
        [TranscriptLineMalformed] = new("Nothing to do; the line was left out and counted.", Final),
        [TranscriptSessionTaken] = new("Nothing to do when the file is a copy; else give it a name of its own.", Final),

        [CredentialMissing] = new("Give -Credential or -Token, or set the environment variables that the message names.", Final),
        [TargetUnauthorized] = new("Check the credential or token, that it has not expired, and the clock of this machine.", Retry),
        [TargetForbidden] = new("Give this credential the rights that the message names at the target.", Retry),
        [TargetInsecure] = new("Use https, or allow plain http for this target explicitly when the network is trusted.", Final),
        [TargetUnavailable] = new("The target is overloaded or down. Repeat the run later.", Retry),
        [TargetTimeout] = new("The target did not answer in time. Check the network, then repeat the run.", Retry),
        [TargetProtocolError] = new("Check that the address leads to a target of this kind and not to a proxy or a login page.", Retry),
        [ConditionalCreateUnsupported] = new("Let one machine at a time write there, or move to a store with conditional writes (If-None-Match).", Final),
    };

    /// <summary>Codes whose cause can pass by itself: an exchange or a surgical run that met one is worth repeating.</summary>
    public static IReadOnlyList<ErrorCode> RetryableCodes { get; } = [.. Rows.Where(r => r.Value.Retryable).Select(r => r.Key)];

    public static ErrorAdvice Find(ErrorCode code) => Rows.TryGetValue(code, out var advice) ? advice : Rows[UnexpectedError];

    public static string Action(ErrorCode code) => Find(code).RecommendedAction;

    /// <summary>Advice for a code as the ledger spells it; null for null and for unknown codes.</summary>
    public static string? Action(string? code) => Enum.TryParse<ErrorCode>(code, out var known) ? Action(known) : null;

    public static bool IsRetryable(ErrorCode code) => Find(code).Retryable;

    internal static bool Has(ErrorCode code) => Rows.ContainsKey(code);
}
