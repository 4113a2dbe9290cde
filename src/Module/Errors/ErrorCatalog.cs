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
        [ConflictSettled] = new("The loser's edit was made again. Accept the loser of the newer conflict, or edit the session anew.", Final),

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

        [ServerUnsupported] = new("Check the address: there is no mutation log. A machine serves one with Start-SyncPeer.", Final),
        [SyncPaused] = new("An administrator paused the project at the server. Its changes wait and go out when it goes on.", Retry),
        [SyncInProgress] = new("Another process synchronises the memory of this archive. Wait for it, or give -LockTimeout more time.", Retry),
        [MutationRefused] = new("It stays in the archive and is not sent. Get-MemoryQuarantine shows it with the reason.", Final),
        [MutationUnusable] = new("Report it to whoever runs its machine; it is kept as evidence and never applied.", Final),
        [MutationWaits] = new("What it belongs to has not arrived yet. It is applied when it does.", Retry),
        [MutationMissing] = new("Run Test-MemorySync with -Repair, then Invoke-ArtifactSync: it pulls what is newer there and sends the rest again.", Retry),
        [MemoryDocumentInvalid] = new("Nothing of the file was imported. Export it again; it must be one JSON document of a memory store.", Final),
        [MemoryVersionUnsupported] = new("A newer program wrote it. Update the module, or export it again with the older program.", Final),
        [MemorySessionMissing] = new("Import the file or chunk that holds the session first, or export again with it.", Retry),
        [MemoryChunkInvalid] = new("Restore the chunk directory from its source (git checkout), or report it to who runs the server; then repeat.", Retry),
        [MemoryChunkStalled] = new("Fetch the chunk that holds the session which the message names, then import again.", Retry),
        [MemoryChunkConflict] = new("Two different chunks bear one id. Export to another directory, or change a row and export again.", Final),
        [MemoryNotFound] = new("List the memories with Get-ArchiveMemory; -IncludeDeleted shows deleted ones.", Final),
        [MemoryFileUnreadable] = new("Check that the file exists and that this account may read it.", Retry),
        [MemoryNotEnrolled] = new("Enroll the project with Enable-MemoryProject first.", Final),
        [AddressInUse] = new("Another program listens there. Name another port, or port 0 for any free one.", Retry),
        [PeerTokenRequired] = new("Give -Token, or listen on 127.0.0.1 only.", Final),
        [PeerRuntimeMissing] = new("Install the ASP.NET Core 10 runtime (aspnetcore-runtime-10.0), then start a new PowerShell.", Final),
        [ListenerNotFound] = new("List the listeners of this session with Get-SyncPeer -Listener.", Final),
        [OriginNotFound] = new("List the origins with Get-ArchiveSession, or use wildcards.", Final),
        [ArtifactMissing] = new("Repair-ArtifactStore -Target fetches it from a target that has it, or makes own ones again.", Retry),
        [ArtifactUncatalogued] = new("Repair-ArtifactStore enters it into the catalog.", Retry),
        [ArtifactPermissions] = new("Repair-ArtifactStore sets the permissions, if this account owns the file.", Retry),
        [SurgicalPreflightFailed] = new("See the failure of each item. Nothing was written; repeat with -RetryFailed what can pass by itself.", Retry),
        [AuthInvalid] = new("Give a valid token with -Token or $env:GITLAB_TOKEN, then repeat with -RetryFailed -IncludePermanent.", Final),
        [AuthExpired] = new("Renew the token, then repeat with -RetryFailed -IncludePermanent.", Final),
        [AuthRevoked] = new("Make a new token, then repeat with -RetryFailed -IncludePermanent.", Final),
        [InsufficientScope] = new("Use a token with the scope read_api, then repeat with -RetryFailed -IncludePermanent.", Final),
        [Forbidden] = new("Ask for access to the project, or have the feature enabled there.", Final),
        [ProjectNotFound] = new("Check the path or id of the project, and that the token may see it.", Final),
        [ProjectMoved] = new("Use the new path or id of the project that the message names.", Final),
        [NotFound] = new("The number is wrong, or the item is deleted, confidential or of a hidden type. What the archive has is kept.", Final),
        [RateLimited] = new("Wait as long as the failure says (RetryAfterSeconds), then repeat with -RetryFailed.", Retry),
        [ServerError] = new("The server had trouble. Repeat later with -RetryFailed.", Retry),
        [ErrorCode.Timeout] = new("The server did not answer in time. Repeat later with -RetryFailed.", Retry),
        [Network] = new("Check the network and the address, then repeat with -RetryFailed.", Retry),
        [TlsError] = new("Have the certificate of the server fixed, or trust its authority on this machine.", Final),
        [InvalidResponse] = new("Repeat with -RetryFailed. If it fails again, check that the address is that of a GitLab server.", Retry),
        [PayloadMismatch] = new("Repeat with -RetryFailed; report it if it fails again.", Retry),
        [PaginationIncomplete] = new("The list changed while it was read. Repeat with -RetryFailed.", Retry),
        [IngestFailed] = new("Nothing of the run was written. See the message, then repeat with -RetryFailed.", Retry),
        [DependentFailed] = new("Threads or events of this item are missing. Repeat with -RetryFailed.", Retry),
        [DocsFailed] = new("The document was not rebuilt. Repeat with -RetryFailed, or run Update-ArchiveIndex.", Retry),
        [EmbedFailed] = new("The document has no embedding yet. Repeat with -RetryFailed, or run Update-ArchiveIndex.", Retry),
        [EmbedUnavailable] = new("Start the embedding server, or name another one with -EmbedUri; then run Update-ArchiveIndex.", Retry),
        [EmbedInsecure] = new("Use an https address for -EmbedUri; http is for this machine alone.", Final),
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
