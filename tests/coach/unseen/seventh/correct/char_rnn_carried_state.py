# name generator homework: learns "do re mi" style syllable text
import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

torch.manual_seed(10)

text = ("doremi fasolla tido " * 30)[:561]
chars = sorted(set(text))
stoi = {c: i for i, c in enumerate(chars)}
data = torch.tensor([stoi[c] for c in text])
V, H, T = len(chars), 32, 20


class CharRNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(V, 12)
        self.rnn = nn.GRU(12, H, batch_first=True)
        self.fc = nn.Linear(H, V)

    def forward(self, idx, h):
        out, h = self.rnn(self.emb(idx), h)
        return self.fc(out), h


net = CharRNN()
optimizer = torch.optim.Adam(net.parameters(), lr=0.01)

for epoch in range(5):
    net.train()
    h = torch.zeros(1, 1, H)
    total, n = 0.0, 0
    for s in range(0, len(data) - T, T):
        x, y = data[s:s + T].unsqueeze(0), data[s + 1:s + T + 1]
        h = h.detach()
        optimizer.zero_grad()
        logits, h = net(x, h)
        loss = F.cross_entropy(logits.squeeze(0), y)
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        total += loss.item()
        n += 1
    print("epoch", epoch, "loss", round(total / n, 3))

net.eval()
with torch.no_grad():
    h = torch.zeros(1, 1, H)
    c, word = data[0].view(1, 1), text[0]
    for _ in range(19):
        logits, h = net(c, h)
        c = logits[:, -1].argmax(1, keepdim=True)
        word += chars[c.item()]
print(word)
