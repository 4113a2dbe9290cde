using System.Net;
using Amazon.Runtime;
using Amazon.S3;
using ArtifactSync.Errors;

namespace ArtifactSync.Transport.S3;

/// <summary>
/// What the store or the way to it did, as codes. Texts are ours alone: answers of a store may repeat signed headers, among
/// them session tokens, so neither its words nor its exception go on.
/// </summary>
internal static class S3Faults
{
    /// <summary>The name is taken.</summary>
    public static bool IsTaken(AmazonS3Exception fault) =>
        fault.StatusCode == HttpStatusCode.PreconditionFailed || fault.ErrorCode == "PreconditionFailed";

    /// <summary>The store refuses the condition itself.</summary>
    public static bool IsConditionRefused(AmazonS3Exception fault) =>
        fault.StatusCode == HttpStatusCode.NotImplemented || fault.ErrorCode is "NotImplemented";

    public static bool IsMissingKey(AmazonS3Exception fault) =>
        fault.ErrorCode == "NoSuchKey" || (fault.StatusCode == HttpStatusCode.NotFound && fault.ErrorCode is "NotFound" or "" or null);

    /// <param name="fault">What a call of the SDK threw, other than cancellation by the caller.</param>
    /// <param name="doing">E.g. <c>Reading 'laptop-1a2b3c/raw/…'</c>.</param>
    /// <param name="target">Name of the target.</param>
    public static ArtifactSyncException Map(Exception fault, string doing, string target) => fault switch
    {
        ArtifactSyncException ours => new(ours.Code, $"{doing} at '{target}' failed: {ours.Message}", target),
        AmazonS3Exception answer => OfAnswer(answer, doing, target),
        AmazonServiceException { StatusCode: >= HttpStatusCode.InternalServerError } answer =>
            new(ErrorCode.TargetUnavailable, $"{doing} failed: '{target}' answers {(int)answer.StatusCode}.", target),
        AmazonUnmarshallingException => new(
            ErrorCode.TargetProtocolError, $"{doing} failed: '{target}' does not answer as an S3 store does. Check its address.", target),
        _ when Inner<System.Xml.XmlException>(fault) is not null => new(
            ErrorCode.TargetProtocolError, $"{doing} failed: '{target}' does not answer as an S3 store does. Check its address.", target),
        _ when Inner<ArtifactSyncException>(fault) is { } ours => Map(ours, doing, target),
        _ when IsTimeout(fault) => new(ErrorCode.TargetTimeout, $"{doing} failed: '{target}' did not answer in time.", target),
        _ when Inner<HttpRequestException>(fault) is { } way => OfWay(way, doing, target),
        _ when Inner<IOException>(fault) is { } broken =>
            new(ErrorCode.TransferIncomplete, $"{doing} failed: the connection to '{target}' broke off.", target, broken),
        AmazonServiceException answer => new(
            ErrorCode.TargetProtocolError,
            $"{doing} failed: '{target}' answers {(int)answer.StatusCode}, which is no answer of an S3 store.", target),
        AmazonClientException => new(
            ErrorCode.CredentialMissing,
            $"{doing} failed: there is no credential for '{target}'. Give -Credential, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
            + "or AWS_PROFILE.", target),
        _ => new(ErrorCode.UnexpectedError, $"{doing} at '{target}' failed ({fault.GetType().Name}).", target),
    };

    private static ArtifactSyncException OfAnswer(AmazonS3Exception answer, string doing, string target)
    {
        var status = (int)answer.StatusCode;
        var name = IsName(answer.ErrorCode) ? answer.ErrorCode : $"{status}";
        var (code, advice) = name switch
        {
            "NoSuchBucket" => (ErrorCode.TargetNotFound, "There is no such bucket. Check its name and the endpoint."),
            "RequestTimeTooSkewed" or "RequestExpired" =>
                (ErrorCode.TargetUnauthorized, "The clock of this machine differs too much from the store's: set it."),
            "ExpiredToken" or "TokenRefreshRequired" => (ErrorCode.TargetUnauthorized, "The session token has expired: get a new one."),
            "AuthorizationHeaderMalformed" =>
                (ErrorCode.TargetUnauthorized, "The store expects another region: set AWS_REGION to that of the bucket."),
            "InvalidAccessKeyId" or "SignatureDoesNotMatch" or "InvalidToken" or "InvalidSecurity" or "Unauthorized" =>
                (ErrorCode.TargetUnauthorized, "The store rejects the credential: check access key id and secret."),
            "QuotaExceeded" or "TooManyBuckets" => (ErrorCode.DiskFull, "The quota of the bucket is used up."),
            "EntityTooLarge" or "MaxMessageLengthExceeded" => (ErrorCode.ArtifactTooLarge, "The store does not take objects of that size."),
            "RequestTimeout" => (ErrorCode.TargetTimeout, "The store waited too long for the request."),
            "ConditionalRequestConflict" or "OperationAborted" => (ErrorCode.TargetUnavailable, "Another request for the same object was under way."),
            "PermanentRedirect" or "TemporaryRedirect" => (ErrorCode.TargetProtocolError, "The bucket lies elsewhere: name its region or endpoint."),
            _ => status switch
            {
                401 => (ErrorCode.TargetUnauthorized, "The store rejects the credential."),
                403 or 405 => (ErrorCode.TargetForbidden,
                    "The credential may not do that there (it needs to list the bucket, and to get, put and delete objects)."),
                429 or >= 500 and not 501 => (ErrorCode.TargetUnavailable, "The store is overloaded or down."),
                _ => (ErrorCode.TargetProtocolError, "That is not what an S3 store answers here."),
            },
        };
        return new ArtifactSyncException(code, $"{doing} failed: '{target}' answers {status} {name}. {advice}", target);
    }

    private static ArtifactSyncException OfWay(HttpRequestException way, string doing, string target) => way.HttpRequestError switch
    {
        HttpRequestError.SecureConnectionError => new(
            ErrorCode.TargetUnreachable,
            $"{doing} failed: no secure connection to '{target}': {way.InnerException?.Message ?? way.Message}", target, way),
        _ => new(ErrorCode.TargetUnreachable, $"{doing} failed: '{target}' can't be reached: {way.Message}", target, way),
    };

    private static bool IsTimeout(Exception fault) =>
        fault is OperationCanceledException or TimeoutException || Inner<TimeoutException>(fault) is not null || Inner<TaskCanceledException>(fault) is not null;

    private static T? Inner<T>(Exception fault) where T : Exception
    {
        for (Exception? inner = fault; inner is not null; inner = inner.InnerException)
        {
            if (inner is T wanted)
            {
                return wanted;
            }
        }

        return null;
    }

    /// <summary>Error names of S3 are words; anything else is not repeated.</summary>
    private static bool IsName(string? text) => text is { Length: > 0 and <= 64 } && text.All(char.IsAsciiLetterOrDigit);
}
