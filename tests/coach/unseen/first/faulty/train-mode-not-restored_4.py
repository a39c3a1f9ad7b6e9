import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
# early stopping with checkpointing
import copy
torch.manual_seed(66)
inp = torch.randn(220, 6)
out = torch.tanh(inp[:, :2].sum(1, keepdim=True))

class Regressor(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(6, 40)
        self.d = nn.Dropout(p=0.2)
        self.b = nn.Linear(40, 1)
    def forward(self, x):
        return self.b(self.d(torch.relu(self.a(x))))

model = Regressor()
model.train()
adam = torch.optim.Adam(model.parameters(), lr=4e-3)
best, best_state, patience = 1e9, None, 0
for epoch in range(8):
    order = torch.randperm(180)
    for k in range(0, 180, 60):
        rows = order[k:k + 60]
        adam.zero_grad()
        train_loss = F.l1_loss(model(inp[rows]), out[rows])  # coach: train-mode-not-restored; fix: model.train()
        train_loss.backward()
        adam.step()
    model.eval()
    with torch.no_grad():
        val_loss = F.l1_loss(model(inp[180:]), out[180:]).item()
    if val_loss < best:
        best, best_state, patience = val_loss, copy.deepcopy(model.state_dict()), 0
    else:
        patience += 1
        if patience > 2:
            break
    print(epoch, round(val_loss, 4))
model.load_state_dict(best_state)
