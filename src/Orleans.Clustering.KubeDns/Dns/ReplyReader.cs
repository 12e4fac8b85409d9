using DnsClient;
using DnsClient.Protocol;

namespace Orleans.Clustering.KubeDns.Dns;

/// <summary>
/// Decides whether a parsed message answers our question at all. The library checks the 16-bit id and nothing else;
/// the repeated question and the owners of the records are what tells our answer from somebody else's.
/// </summary>
internal static class ReplyReader
{
    public static DnsReply Read(string name, QueryType type, IDnsQueryResponse response)
    {
        // The bit that the library calls "has query" is QR: without it the message is a question, perhaps our own.
        if (!response.Header.HasQuery || response.Header.OPCode != DnsOpCode.Query)
        {
            return new DnsReply(DnsOutcome.Malformed, "the message is not an answer");
        }

        var code = response.Header.ResponseCode;
        return code switch
        {
            DnsHeaderResponseCode.ServerFailure => new DnsReply(DnsOutcome.ServFail, "SERVFAIL"),
            DnsHeaderResponseCode.NoError or DnsHeaderResponseCode.NotExistentDomain
                when !RepeatsQuestion(name, type, response) =>
                new DnsReply(DnsOutcome.Malformed, "the answer is to another question"),
            DnsHeaderResponseCode.NotExistentDomain => new DnsReply(DnsOutcome.NxDomain, "NXDOMAIN"),
            DnsHeaderResponseCode.NoError => Records(name, type, response),
            _ => new DnsReply(DnsOutcome.Refused, $"error code {(int)code} ({code})"),
        };
    }

    private static bool RepeatsQuestion(string name, QueryType type, IDnsQueryResponse response) =>
        response.Questions is [{ QuestionClass: QueryClass.IN } question]
        && question.QuestionType == type
        && DnsName.Same(question.QueryName.Value, name);

    private static DnsReply Records(string name, QueryType type, IDnsQueryResponse response)
    {
        if (response.Answers.Count == 0)
        {
            return new DnsReply(DnsOutcome.NoData, "no record of that type");
        }

        var records = response.Answers.Where(r => Answers(r, name, type)).ToList();
        return records.Count == 0
            ? new DnsReply(DnsOutcome.Malformed, $"none of {response.Answers.Count} records answers the question")
            : new DnsReply(DnsOutcome.Records, $"{records.Count} records")
            {
                Records = [.. records],
                Additionals = [.. response.Additionals],
            };
    }

    private static bool Answers(DnsResourceRecord record, string name, QueryType type) =>
        record.RecordClass == QueryClass.IN
        && (int)record.RecordType == (int)type
        && DnsName.Same(record.DomainName.Value, name);
}
