using Amazon.S3;
using Amazon.S3.Model;

namespace ArtifactSync.Transport.S3;

/// <summary>Finds out whether a bucket honours <c>If-None-Match: *</c> (decisions: object stores without conditional create).</summary>
internal static class ConditionalCreate
{
    /// <summary>
    /// Creates an object twice, then removes it. It lies beside the origins, where every program ignores it. Null = the
    /// credential may not write there, so it is not to be known.
    /// </summary>
    public static async Task<bool?> ProbeAsync(IAmazonS3 client, S3Location location, string name, CancellationToken cancellationToken)
    {
        var key = location.Prefix + name;
        try
        {
            for (var attempt = 0; attempt < 2; attempt++)
            {
                using var body = new MemoryStream("probe"u8.ToArray());
                await client.PutObjectAsync(Request(location.Bucket, key, body, conditional: true), cancellationToken);
            }

            return false;
        }
        catch (AmazonS3Exception fault) when (S3Faults.IsTaken(fault))
        {
            return true;
        }
        catch (AmazonS3Exception fault) when (S3Faults.IsConditionRefused(fault))
        {
            return false;
        }
        catch (AmazonS3Exception fault) when (fault.StatusCode == System.Net.HttpStatusCode.Forbidden)
        {
            return null;
        }
        finally
        {
            await RemoveAsync(client, location.Bucket, key);
        }
    }

    public static PutObjectRequest Request(string bucket, string key, Stream body, bool conditional) => new()
    {
        BucketName = bucket,
        Key = key,
        InputStream = body,
        AutoCloseStream = false,
        AutoResetStreamPosition = false,
        ContentType = "application/octet-stream",
        UseChunkEncoding = false,
        IfNoneMatch = conditional ? "*" : null,
    };

    private static async Task RemoveAsync(IAmazonS3 client, string bucket, string key)
    {
        try
        {
            await client.DeleteObjectAsync(bucket, key, CancellationToken.None);
        }
        catch (Exception fault) when (fault is AmazonS3Exception or Amazon.Runtime.AmazonClientException or HttpRequestException)
        {
            // Left over; it lies where nobody looks.
        }
    }
}
