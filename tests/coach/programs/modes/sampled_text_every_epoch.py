import gradbook as torch
import gradbook.nn as nn


class CharModel(nn.Module):
    def __init__(self, vocab=12, dim=10):
        super().__init__()
        self.embed = nn.Embedding(vocab, dim)
        self.lstm = nn.LSTM(dim, dim, num_layers=2, dropout=0.2, batch_first=True)
        self.out = nn.Linear(dim, vocab)

    def forward(self, x, state=None):
        y, state = self.lstm(self.embed(x), state)
        return self.out(y), state


def sample(model, length=4):
    model.eval()  # coach: train-mode-not-restored; fix: model.train()
    token, state, text = torch.zeros(1, 1, dtype=torch.long), None, []
    with torch.no_grad():
        for _ in range(length):
            logits, state = model(token, state)
            token = torch.multinomial(logits[0, -1].softmax(0), 1)[None]
            text.append(token.item())
    return text


model = CharModel()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
data = torch.randint(0, 12, (4, 9))
for epoch in range(5):
    logits, _ = model(data[:, :-1])
    loss = nn.functional.cross_entropy(logits.reshape(-1, 12), data[:, 1:].reshape(-1))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(sample(model))
