# Implicit feedback: will the user click?  Mini-batches cut by hand.
import gradbook as torch
from gradbook import nn

torch.manual_seed(21)
U, I, D = 50, 70, 8
zu, zi = torch.randn(U, 3), torch.randn(I, 3)
pairs = torch.stack([torch.randint(0, U, (2400,)), torch.randint(0, I, (2400,))], 1)
clicked = ((zu[pairs[:, 0]] * zi[pairs[:, 1]]).sum(1) > 0).float()


class ClickNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.user = nn.Embedding(U, D)
        self.item = nn.Embedding(I, D)
        self.mlp = nn.Sequential(nn.Linear(2 * D, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, p):
        return self.mlp(torch.cat([self.user(p[:, 0]), self.item(p[:, 1])], 1))[:, 0]


net = ClickNet()
opt = torch.optim.Adam(net.parameters(), lr=0.01)
bs = 120
for epoch in range(10):
    perm = torch.randperm(len(pairs))
    for start in range(0, len(pairs), bs):
        rows = perm[:bs]  # coach: repeated-batch; fix: start
        opt.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(net(pairs[rows]), clicked[rows])
        loss.backward()
        opt.step()
    print(f"epoch {epoch}: bce {loss.item():.4f}")
