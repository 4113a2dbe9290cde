using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using ArtifactSync.Errors;

namespace ArtifactSync.Transport.Http;

/// <summary>What a status of a peer means, where it is none of the expected ones.</summary>
internal static class PeerFaults
{
    /// <param name="client">That sent the request.</param>
    /// <param name="response">The answer; of its body at most 512 bytes are read.</param>
    /// <param name="target">For messages.</param>
    /// <param name="what">What was asked for: a route or an artifact.</param>
    /// <param name="clock">Tells how long a Retry-After is.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static async Task<ArtifactSyncException> OfAsync(
        PeerClient client, HttpResponseMessage response, string target, string what, TimeProvider clock, CancellationToken cancellationToken)
    {
        var said = await SaidAsync(client, response, cancellationToken);
        var status = (int)response.StatusCode;
        ArtifactSyncException Fault(ErrorCode code, string text) => new ArtifactSyncException(code, text, what).With(Wait(response, clock));
        return response.StatusCode switch
        {
            HttpStatusCode.Unauthorized when client.Token.IsGiven => Fault(
                ErrorCode.TargetUnauthorized, $"'{target}' rejected the token (401). Give the token that its listener was started with."),
            HttpStatusCode.Unauthorized => Fault(ErrorCode.TargetUnauthorized, $"'{target}' asks for a token (401). Give -Token."),
            HttpStatusCode.Forbidden => Fault(
                ErrorCode.TargetForbidden, $"'{target}' refused '{what}' (403{said}). Reach it under the address that it listens on, or give -Token."),
            HttpStatusCode.RequestTimeout => Fault(ErrorCode.TargetTimeout, $"'{target}' waited too long for '{what}' (408). Run again."),
            HttpStatusCode.RequestEntityTooLarge => Fault(ErrorCode.ArtifactTooLarge, $"'{what}' is larger than '{target}' takes (413{said})."),
            HttpStatusCode.TooManyRequests => Fault(ErrorCode.TargetUnavailable, $"'{target}' asks to be called less often (429{Pause(response, clock)})."),
            HttpStatusCode.InsufficientStorage => Fault(ErrorCode.DiskFull, $"The disk of '{target}' is full (507). Free space there."),
            HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout => Fault(
                ErrorCode.TargetUnavailable, $"'{target}' is not available ({status}{said}{Pause(response, clock)}). Run again later."),
            >= HttpStatusCode.MultipleChoices and < HttpStatusCode.BadRequest => Fault(
                ErrorCode.TargetProtocolError, $"'{target}' redirects '{what}' ({status}), which is not followed. Name the address it really has."),
            _ => Fault(ErrorCode.TargetProtocolError, $"'{target}' answered '{what}' with {status}{said}."),
        };
    }

    /// <summary>What the peer says itself, cut and cleaned; nothing when it sends a page for people.</summary>
    private static async Task<string> SaidAsync(PeerClient client, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentType?.MediaType is not ("text/plain" or "application/json"))
        {
            return "";
        }
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
            var buffer = new byte[PeerProtocol.ErrorTextBytes];
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(TimeSpan.FromSeconds(5));
            var read = await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, limit.Token);
            return Clean(client.Token, buffer.AsSpan(0, read));
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException || (fault is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return "";
        }
    }

    private static string Clean(PeerToken token, ReadOnlySpan<byte> bytes)
    {
        var text = Encoding.UTF8.GetString(bytes);
        try
        {
            using var json = JsonDocument.Parse(text);
            if (json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("error", out var error))
            {
                text = error.ToString();
            }
        }
        catch (JsonException)
        {
            // Plain text.
        }
        text = token.Redact(string.Concat(text.Where(static c => !char.IsControl(c)))).Trim();
        return text.Length == 0 ? "" : ": " + text;
    }

    private static TimeSpan? Wait(HttpResponseMessage response, TimeProvider clock) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date - clock.GetUtcNow() is var wait && wait > TimeSpan.Zero ? wait : TimeSpan.Zero,
        _ => null,
    };

    private static string Pause(HttpResponseMessage response, TimeProvider clock) =>
        Wait(response, clock) is { } wait ? $", in {Math.Ceiling(wait.TotalSeconds):0} s" : "";
}
