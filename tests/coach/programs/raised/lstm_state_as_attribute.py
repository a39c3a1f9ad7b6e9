"""self.hidden = init_hidden() once, in the way of an old tutorial."""

import gradbook as torch
import gradbook.nn as nn


class LSTMTagger(nn.Module):
    def __init__(self, embedding_dim, hidden_dim, vocab_size, tagset_size):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.word_embeddings = nn.Embedding(vocab_size, embedding_dim)
        self.lstm = nn.LSTM(embedding_dim, hidden_dim)
        self.hidden2tag = nn.Linear(hidden_dim, tagset_size)
        self.hidden = (torch.zeros(1, 1, hidden_dim), torch.zeros(1, 1, hidden_dim))

    def forward(self, sentence):
        embeds = self.word_embeddings(sentence)
        lstm_out, self.hidden = self.lstm(embeds.view(len(sentence), 1, -1), self.hidden)  # coach: backward-twice; fix: detach()
        return torch.log_softmax(self.hidden2tag(lstm_out.view(len(sentence), -1)), dim=1)


model = LSTMTagger(6, 6, 9, 3)
loss_function = nn.NLLLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(3):
    for sentence, tags in [(torch.tensor([0, 1, 2, 3]), torch.tensor([0, 1, 2, 0])), (torch.tensor([4, 5]), torch.tensor([1, 2]))]:
        model.zero_grad()
        loss = loss_function(model(sentence), tags)
        loss.backward()
        optimizer.step()
