import gradbook as torch
from gradbook import nn

torch.manual_seed(10)
layers = nn.ModuleList()
layers.append(nn.Linear(8, 24))
layers.append(nn.Tanh())
layers.append(nn.Linear(24, 4))
layers.append(nn.Softmax(dim=-1))  # coach: softmax-before-cross-entropy


class Stack(nn.Module):
    def __init__(self, layers):
        super().__init__()
        self.layers = layers

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


x = torch.randn(160, 8)
y = x[:, :4].argmax(1)
stack = Stack(layers)
opt = torch.optim.Adam(stack.parameters(), lr=5e-3)
for epoch in range(3):
    for rows in torch.randperm(160).split(32):
        opt.zero_grad()
        nn.functional.cross_entropy(stack(x[rows]), y[rows]).backward()
        opt.step()
