import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(4)
T, F_IN, H = 12, 3, 16
series = torch.randn(360, T, F_IN)
label = (series[:, :, 0].sum(1) > 0).long()
loader = DataLoader(TensorDataset(series, label), batch_size=36, shuffle=True)


class SeqClassifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(F_IN, H)
        self.fc = nn.Linear(T * H, 2)

    def forward(self, x):
        # GRU wants (time, batch, features)
        out, _ = self.rnn(x.transpose(0, 1))
        out = out.reshape(x.size(0), T * H)  # coach: batch-axis-mixed
        return self.fc(out)


model = SeqClassifier()
opt = torch.optim.Adam(model.parameters(), lr=0.01)
lossf = nn.CrossEntropyLoss()

for epoch in range(4):
    right = 0
    for xb, yb in loader:
        logits = model(xb)
        loss = lossf(logits, yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
        right += (logits.argmax(1) == yb).sum().item()
    print(epoch, loss.item(), right / 360)  # coach-also: batch-leak
