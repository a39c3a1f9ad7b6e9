import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
# LSTM outputs time-major; view used to make it batch-major
torch.manual_seed(26)
class SeqTagger(nn.Module):
    def __init__(self, n=15, d=16, k=4):
        super().__init__()
        self.emb = nn.Embedding(n, d)
        self.lstm = nn.LSTM(d, d)
        self.fc = nn.Linear(d, k)
    def forward(self, tok):                   # (B, T)
        e = self.emb(tok).transpose(0, 1)     # (T, B, d)
        out, _ = self.lstm(e)
        out = out.contiguous().view(tok.size(0), tok.size(1), -1)  # coach: batch-axis-mixed; fix: transpose(0, 1)
        return self.fc(out)
m = SeqTagger()
opt = torch.optim.Adam(m.parameters(), lr=1e-2)
for i in range(20):
    tok = torch.randint(0, 15, (12, 9))
    tag = tok % 4
    loss = F.cross_entropy(m(tok).flatten(0, 1), tag.flatten())
    opt.zero_grad()
    loss.backward()
    opt.step()
    if i % 5 == 0: print(i, loss.item())
# coach-also: batch-leak, loss-plateau
