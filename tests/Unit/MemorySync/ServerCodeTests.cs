using System.Text;
using ArtifactSync.Errors;
using ArtifactSync.Memory.Server;

namespace ArtifactSync.Tests.MemorySync;

/// <summary>What a refusal means, however its body is written (memory spec 6.1).</summary>
[Trait("Category", "Memory")]
public sealed class ServerCodeTests
{
    [Theory]
    [Trait("Case", "37")]
    [InlineData(401, "unauthorized", ErrorCode.TargetUnauthorized, "auth_required")]
    [InlineData(401, """{"error":"unauthorized"}""", ErrorCode.TargetUnauthorized, "auth_required")]
    [InlineData(403, "forbidden", ErrorCode.TargetForbidden, "policy_forbidden")]
    [InlineData(403, """{"error_class":"policy","error_code":"policy_forbidden","error":"forbidden"}""", ErrorCode.TargetForbidden, "policy_forbidden")]
    [InlineData(404, "page not found", ErrorCode.ServerUnsupported, "server_unsupported")]
    [InlineData(404, """{"error":"page not found"}""", ErrorCode.ServerUnsupported, "server_unsupported")]
    [InlineData(409, """{"error_class":"policy","error_code":"sync-paused","error":"paused"}""", ErrorCode.SyncPaused, "paused")]
    [InlineData(409, "conflict", ErrorCode.TargetProtocolError, "transport_failed")]
    [InlineData(500, "database is away", ErrorCode.TargetUnavailable, "transport_failed")]
    [InlineData(500, """{"error_class":"blocked","error_code":"upgrade_blocked_internal","error":"database is away"}""", ErrorCode.TargetUnavailable, "transport_failed")]
    public void Case37_Refusals_MapToTheirCodes_InTextAndInJson(int status, string body, ErrorCode code, string reason)
    {
        using var server = new LogServer();
        using var machine = new MemoryMachine("A", server, new DateTimeOffset(2026, 4, 27, 10, 0, 0, TimeSpan.Zero));
        server.Alter = (_, _, _) => new LogAnswer(status, body.StartsWith('{') ? "application/json" : "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(body));
        var failure = machine.Cycle().Failure!;
        Assert.Equal(code, failure.Code);
        Assert.Equal(("degraded", reason), (machine.State.Lifecycle, machine.State.ReasonCode));
        Assert.DoesNotContain("error_class", failure.Message, StringComparison.Ordinal);
        Assert.Contains(body.StartsWith('{') ? body.Split('"')[^2] : body, failure.Message, StringComparison.Ordinal);
    }
}
