# next note prediction for a little melody, piece is fed in chunks of 8 notes
import gradbook as torch
from gradbook import nn

torch.manual_seed(3)

NOTES = 7
riff = [0, 2, 4, 2, 5, 4, 2, 0, 4, 6, 4, 2]
melody = torch.tensor((riff * 41)[:481])


class Melody(nn.Module):
    def __init__(self, hidden=24):
        super().__init__()
        self.emb = nn.Embedding(NOTES, 8)
        self.gru = nn.GRU(8, hidden, batch_first=True)
        self.out = nn.Linear(hidden, NOTES)

    def forward(self, notes, h):
        e = self.emb(notes)
        y, h = self.gru(e, h)
        return self.out(y), h


net = Melody()
opt = torch.optim.Adam(net.parameters(), lr=0.01)
crit = nn.CrossEntropyLoss()

for epoch in range(3):
    h = torch.zeros(1, 1, 24)
    total = 0.0
    for s in range(0, 480, 8):
        x = melody[s:s + 8].unsqueeze(0)
        y = melody[s + 1:s + 9]
        opt.zero_grad()
        logits, h = net(x, h)  # coach: backward-twice; fix: .detach()
        loss = crit(logits.reshape(-1, NOTES), y)
        loss.backward()
        opt.step()
        total += loss.item()
    print("epoch", epoch, "loss", total / 60)
