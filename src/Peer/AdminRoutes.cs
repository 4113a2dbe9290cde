using System.Security;
using System.Text.Json;
using System.Text.Json.Serialization;
using ArtifactSync.Errors;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Transport;
using ArtifactSync.Wire;
using Microsoft.AspNetCore.Http;

namespace ArtifactSync.Peer;

/// <summary>
/// Routes for the user of this machine alone (spec 10.6): token, direct loopback. Targets and tokens are never echoed. What
/// an exchange came to is in the ledger.
/// </summary>
internal sealed class AdminRoutes(EngineOptions engine)
{
    private const long ExchangeBytes = 1024 * 1024;
    private const long MaintenanceBytes = 64 * 1024;

    public PeerRoute? Find(IReadOnlyList<string> segments) => segments switch
    {
        ["exchange"] => Admin("exchange", ExchangeAsync, ExchangeBytes),
        ["maintenance"] => Admin("maintenance", MaintainAsync, MaintenanceBytes),
        ["reset"] => Admin("reset", ResetAsync, 0),
        _ => null,
    };

    private static PeerRoute Admin(string name, Func<PeerRequest, Task> handle, long limit) =>
        new(handle) { IsAdmin = true, Name = name, JsonErrors = false, BodyLimit = limit };

    private async Task ExchangeAsync(PeerRequest request)
    {
        if (await ReadAsync(request, AdminJson.Default.ExchangeBody) is not { } body)
        {
            await request.TextAsync(StatusCodes.Status400BadRequest, "invalid artifact exchange request");
            return;
        }
        if (string.IsNullOrEmpty(body.Target))
        {
            await request.TextAsync(StatusCodes.Status400BadRequest, "artifact exchange target is required");
            return;
        }
        if (await ExchangeAsync(body, request.Aborted) is not { } run)
        {
            await request.TextAsync(StatusCodes.Status502BadGateway, "artifact exchange failed");
            return;
        }
        await request.JsonAsync(StatusCodes.Status200OK, json =>
        {
            json.WriteString("origin", new SyncEngine(engine).GetOrigin() ?? "");
            json.WriteNumber("exported_sessions", run.Counters.Published);
            json.WriteNumber("imported_sessions", run.Counters.ImportedSessions);
            json.WriteNumber("imported_messages", run.Counters.ImportedMessages);
            json.WriteNumber("imported_metadata", run.Counters.ImportedEvents);
        });
    }

    /// <summary>Null = it failed, or nothing could be exchanged with the target as a whole.</summary>
    private async Task<SyncRun?> ExchangeAsync(ExchangeBody body, CancellationToken cancellationToken)
    {
        using var token = body.Token is null ? null : Secure(body.Token);
        try
        {
            var exchange = new ExchangeRequest
            {
                Target = body.Target!, Initialize = body.BaselineMetadata,
                Access = new TargetAccess { Token = token, AllowInsecure = body.AllowInsecure },
            };
            var run = await new SyncEngine(engine).ExchangeAsync(exchange, NullObserver.Instance, cancellationToken);
            return run.Status is RunStatus.Succeeded or RunStatus.Partial ? run : null;
        }
        catch (ArtifactSyncException)
        {
            return null; // the target could not even be tried
        }
    }

    private async Task MaintainAsync(PeerRequest request)
    {
        if (await ReadAsync(request, AdminJson.Default.MaintenanceBody) is not { } body)
        {
            await request.TextAsync(StatusCodes.Status400BadRequest, "invalid artifact maintenance request");
        }
        else if (!body.IsValid)
        {
            await request.TextAsync(StatusCodes.Status400BadRequest, "invalid artifact maintenance limits");
        }
        else
        {
            await GuardedAsync(request, "maintenance", () => AdminRetention.MaintainAsync(request, engine, body));
        }
    }

    private Task ResetAsync(PeerRequest request) => GuardedAsync(request, "reset", () => AdminRetention.ResetAsync(request, engine));

    private static async Task GuardedAsync(PeerRequest request, string what, Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (ArtifactSyncException)
        {
            await request.TextAsync(StatusCodes.Status500InternalServerError, $"artifact {what} failed");
        }
    }

    private static async Task<T?> ReadAsync<T>(PeerRequest request, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) where T : class
    {
        try
        {
            await using var body = await request.ReadBodyAsync();
            return await JsonSerializer.DeserializeAsync(body.Stream, type, request.Aborted);
        }
        catch (Exception fault) when (fault is JsonException or BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge })
        {
            return null;
        }
    }

    private static SecureString Secure(string text)
    {
        var secure = new SecureString();
        foreach (var c in text)
        {
            secure.AppendChar(c);
        }
        secure.MakeReadOnly();
        return secure;
    }
}

/// <summary>Body of <c>exchange</c>.</summary>
internal sealed record ExchangeBody
{
    public string? Target { get; init; }
    public string? Token { get; init; }
    public bool AllowInsecure { get; init; }
    public bool BaselineMetadata { get; init; }

    public override string ToString() => nameof(ExchangeBody); // never the token
}

/// <summary>Body of <c>maintenance</c>.</summary>
internal sealed record MaintenanceBody
{
    public string? Grace { get; init; }
    public double? GraceSeconds { get; init; }
    public string? QuarantineGrace { get; init; }
    public double? QuarantineGraceSeconds { get; init; }
    public long MaxObjects { get; init; }
    public long MaxBytes { get; init; }
    public bool DryRun { get; init; }
    public string? TrashCursor { get; init; }
    public string? GcCursor { get; init; }
    public string? RepackCursor { get; init; }

    [JsonIgnore]
    public bool IsValid => MaxObjects >= 0 && MaxBytes >= 0 && GraceSeconds is not < 0 && QuarantineGraceSeconds is not < 0
        && IsDuration(Grace) && IsDuration(QuarantineGrace);

    private static bool IsDuration(string? text) => text is null || AdminRetention.ParseDuration(text) is not null;
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowTrailingCommas = false)]
[JsonSerializable(typeof(ExchangeBody))]
[JsonSerializable(typeof(MaintenanceBody))]
internal sealed partial class AdminJson : JsonSerializerContext;
