import gradbook as torch
import gradbook.nn as nn

torch.manual_seed(26)
BOS, VOCAB = 0, 16


class SequenceClassifier(nn.Module):
    def __init__(self, emb=12, hid=20):
        super().__init__()
        self.emb = nn.Embedding(VOCAB, emb)
        self.gru = nn.GRU(emb, hid, batch_first=True)
        self.fc = nn.Linear(hid, 2)

    def forward(self, ids):
        states, _ = self.gru(self.emb(ids))
        return self.fc(states[:, 0])  # coach: constant-predictions; fix: [:, -1


body = torch.randint(1, VOCAB, (240, 8))
ids = torch.cat([torch.full((240, 1), BOS), body], dim=1)
label = (body[:, -3:].float().mean(1) > 8).long()

clf = SequenceClassifier()
opt = torch.optim.Adam(clf.parameters(), lr=5e-3)
ce = nn.CrossEntropyLoss()
for epoch in range(6):
    for b in torch.randperm(240).split(30):
        logits = clf(ids[b])
        loss = ce(logits, label[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        acc = (clf(ids).argmax(1) == label).float().mean().item()
    print(f"epoch {epoch} loss {loss.item():.3f} acc {acc:.3f}")
# coach-also: loss-plateau, unused-parameters, degenerate-activation
