import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(26)
T, V = 6, 9
glyphs = torch.randn(V, 14)
text = torch.randint(0, V, (300, T))
strips = glyphs[text] + 0.4 * torch.randn(300, T, 14)
length = torch.randint(3, T + 1, (300,))
valid = (torch.arange(T).unsqueeze(0) < length.unsqueeze(1)).float()


class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(14, 24, batch_first=True)
        self.cls = nn.Linear(24, V)

    def forward(self, s):
        h, _ = self.rnn(s)
        return self.cls(h)


reader = Reader()
per_char = nn.CrossEntropyLoss(reduction="none")
opt = torch.optim.Adam(reader.parameters(), lr=3e-3)
for epoch in range(3):
    for s, t, m in DataLoader(TensorDataset(strips, text, valid), batch_size=30, shuffle=True):
        opt.zero_grad()
        logits = reader(s)
        loss = per_char(logits.reshape(-1, V), t.reshape(-1)) * m.reshape(-1)  # coach: non-scalar-backward
        loss.backward()  # coach-line: non-scalar-backward
        opt.step()
    print(epoch, loss.sum().item() / m.sum().item())
